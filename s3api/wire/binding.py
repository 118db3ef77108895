"""Read from a handler's signature which members of the model's input it honours.

Example: `async def get_object(call, *, Bucket, Key, **r: Unpack[Ranges])`.
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


def snake_case(name: str) -> str:
    """Convert an operation name as boto3 does: PutObject to put_object, ListObjectsV2 to list_objects_v2."""
    return _WORD.sub("_", name).lower()


def accepted_members(handler: Callable[..., Any], operation: str, shape: Shape) -> frozenset[str]:
    """Return the members of `shape` that `handler` takes as parameters.

    Raises TypeError if it takes a member that the model does not have, has no default for an optional member,
    or lacks a required member.
    """
    names, needed = set(), set()
    for parameter in list(inspect.signature(handler).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            names.update(_typed_dict_keys(handler, parameter.annotation))
        else:
            names.add(parameter.name)
            if parameter.default is parameter.empty:
                needed.add(parameter.name)
    required = set(shape.required)
    if shape.payload and shape.members[shape.payload].type == "blob":
        required.discard(shape.payload)  # a stream: the handler reads it from `call.body`
    elif shape.payload and operation not in OPTIONAL_BODIES:
        required.add(shape.payload)
    for problem in _signature_errors(names, needed, required, set(shape.members)):
        raise TypeError(f"the handler of {operation} {problem}")
    return frozenset(names)


def _signature_errors(
    names: set[str], needed: set[str], required: set[str], known: set[str]
) -> Iterator[str]:
    if unknown := names - known:
        yield f"takes members that the model does not have: {sorted(unknown)}"
    if needless := needed - required:
        yield f"needs a default for optional members: {sorted(needless)}"
    if (missing := required - names) and (missing := missing & known):
        yield f"does not take required members: {sorted(missing)}"


def _typed_dict_keys(handler: Callable[..., Any], annotation: Any) -> set[str]:
    """Return the keys of the TypedDict in an `Unpack[...]` annotation, which may be a string."""
    holder = SimpleNamespace(__annotations__={"unpacked": annotation})
    hint = get_type_hints(holder, globalns=getattr(handler, "__globals__", None))["unpacked"]
    (typed_dict,) = get_args(hint)
    return set(typed_dict.__annotations__)
