"""A handler's signature is the list of inputs that it honours:

`async def get_object(call, *, Bucket, Key, **r: Unpack[Ranges])`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

from s3api.wire.model import Shape
from s3api.wire.tables import OPTIONAL_BODIES

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """PutObject to put_object, as boto3 names it; ListObjectsV2 is list_objects_v2 there and here."""
    return _WORD.sub("_", name).lower()


def accepted(handler: Callable[..., Any], operation: str, shape: Shape) -> frozenset[str]:
    """The members of `shape` that `handler` takes.

    Raises TypeError where it takes one that the model does not have, cannot be called without one that a
    request may lack, or does not take one that every request has.
    """
    names, needed = set(), set()
    for parameter in list(inspect.signature(handler).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            names.update(_unpacked(handler, parameter.annotation))
        else:
            names.add(parameter.name)
            if parameter.default is parameter.empty:
                needed.add(parameter.name)
    required = set(shape.required)
    if shape.payload and shape.members[shape.payload].type == "blob":
        required.discard(shape.payload)  # a stream: the handler has it from its call
    elif shape.payload and operation not in OPTIONAL_BODIES:
        required.add(shape.payload)
    for complaint in _complaints(names, needed, required, set(shape.members)):
        raise TypeError(f"the handler of {operation} {complaint}")
    return frozenset(names)


def _complaints(names: set[str], needed: set[str], required: set[str], known: set[str]) -> Iterator[str]:
    if unknown := names - known:
        yield f"takes what the model does not have: {sorted(unknown)}"
    if needless := needed - required:
        yield f"needs a default for what a request may lack: {sorted(needless)}"
    if (missing := required - names) and (missing := missing & known):
        yield f"does not take what every request has: {sorted(missing)}"


def _unpacked(handler: Callable[..., Any], annotation: Any) -> set[str]:
    """The keys of the TypedDict in `Unpack[...]`, whose annotation may be text."""
    holder = SimpleNamespace(__annotations__={"unpacked": annotation})
    hint = get_type_hints(holder, globalns=getattr(handler, "__globals__", None))["unpacked"]
    (typed_dict,) = get_args(hint)
    return set(typed_dict.__annotations__)
