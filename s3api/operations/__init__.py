"""The S3 operations: one async function each, found by its name.

`OPERATIONS["PutObject"]` is `objects.put_object`.

To add an operation:

1. Write `async def put_object_x(call, *, Bucket, Key, ...)` in a module of this package. Its name is the
   operation's name in AWS's model, in snake case; nothing else registers it. Its keyword parameters are the
   members of the model that it honours: a request with another input is refused with 501. It returns a dict
   of the model's output members. `call.py` describes `call`; helpers are in `steps/`.
2. Add its IAM action to `s3api/access/actions.py`; and a row to `s3api/operation_table.py` if it copies,
   creates a bucket or needs another special rule there.
3. Add `compat_tests/test_put_object_x.py`, then run `python -m tests.support_table` for docs/s3.md.

`tests/operations/test_operations.py` names whatever is missing. To add a member to an answer, add it to the
dict that the function returns. To add a bucket configuration, see `configurations/table.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from s3api.operations import configurations

Handler = Callable[..., Awaitable[dict[str, Any]]]


def aws_name(handler: Handler) -> str:
    """Return the operation's name in AWS's model: put_object is PutObject."""
    return "".join(word.capitalize() for word in handler.__name__.split("_"))


def is_handler(value: object, module: ModuleType) -> bool:
    """Whether a name of `module` is an operation: a public `async def name(call, *, Input, ...)`.

    Helpers take at least one more positional parameter, or none by keyword, or begin with an underscore.
    """
    if not inspect.iscoroutinefunction(value) or value.__module__ != module.__name__:
        return False
    code = value.__code__
    only_call = code.co_argcount == 1 and code.co_varnames[0] == "call"
    return only_call and code.co_kwonlyargcount > 0 and not value.__name__.startswith("_")


def _find_handlers() -> Iterator[Handler]:
    for found in iter_modules(__path__):
        if not found.ispkg:
            module = import_module(f"{__name__}.{found.name}")
            yield from (value for value in vars(module).values() if is_handler(value, module))
    yield from configurations.handlers()


OPERATIONS: dict[str, Handler] = {aws_name(handler): handler for handler in _find_handlers()}
"""Every operation that is implemented, by its name in AWS's model."""
