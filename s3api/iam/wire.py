"""IAM's query protocol, driven by botocore's model: parses forms into inputs, renders results as XML.

Inputs are checked against the model's lengths, patterns and enumerations. A parameter that the operation does
not implement is refused, never ignored. The model is loaded at the first request, as most stores get none.
https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

from s3api.iam.errors import COMMON, IamError
from s3api.wire.binding import accepted_members
from s3api.wire.model import Shape, load_model
from s3api.wire.reply import DECLARATION, Reply
from s3api.wire.scalars import escape
from s3api.wire.xml_write import compile_writer

_MODEL = "data/iam/2010-05-08/service-2.json"
VERSION = "2010-05-08"
MAX_FORM_BYTES = 512 << 10  # a policy document of 131,072 characters, percent-encoded
MAX_FIELDS = 500
_XML = (b"content-type", b"text/xml")


class Action:
    """Parser and renderer of one operation."""

    def __init__(
        self, shapes: dict[str, Any], definition: dict[str, Any], handler: Callable[..., Any]
    ) -> None:
        self.name: str = definition["name"]
        self.handler = handler
        self._input = _shape(shapes, definition.get("input"))
        self._output = _shape(shapes, definition.get("output"))
        self._wrapper: str | None = (definition.get("output") or {}).get("resultWrapper")
        self._accepts = accepted_members(handler, self.name, self._input)

    def read(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Parse a form into the operation's inputs. Raises IamError ValidationError, NotImplemented."""
        out: dict[str, Any] = {}
        for name, text in form.items():
            if name in ("Action", "Version"):
                continue
            member = self._input.members.get(name.partition(".")[0])
            if member is None:
                raise IamError("ValidationError", f"Unknown parameter {name}")
            if member.type not in ("string", "integer") or name not in self._accepts:
                raise IamError("NotImplemented", f"{name} of {self.name} is not implemented.")
            out[name] = _value(name, member, text)
        for name in self._input.required:
            if name not in out:
                raise _invalid(name, None, "Member must not be null")
        return out

    def render(self, result: Mapping[str, Any], request_id: str) -> Reply:
        inner = ""
        if self._wrapper:
            inner = self._write(result)
        return _reply(
            200,
            f'<{self.name}Response xmlns="{_namespace()}">{inner}'
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{self.name}Response>",
        )

    @cached_property
    def _write(self) -> Callable[[Any], str]:
        assert self._wrapper
        return compile_writer(self._output, self._wrapper)


class IamWire:
    """Parsers and renderers of all implemented operations. `actions`: handlers by operation name."""

    def __init__(self, actions: Mapping[str, Callable[..., Any]]) -> None:
        self._handlers = actions

    @cached_property
    def _actions(self) -> dict[str, Action]:
        model = _model()
        shapes, operations = model["shapes"], model["operations"]
        return {name: Action(shapes, operations[name], handler) for name, handler in self._handlers.items()}

    def find(self, form: Mapping[str, str]) -> Action:
        """Find the operation of a form. Raises IamError MissingAction, InvalidAction, NotImplemented."""
        name = form.get("Action")
        if not name:
            raise IamError("MissingAction", "The request must contain the parameter Action.")
        if found := self._actions.get(name):
            return found
        if name in _model()["operations"]:
            raise IamError("NotImplemented", f"{name} is not implemented.")
        raise IamError("InvalidAction", f"Could not find operation {name} for version {VERSION}")


def read_form(body: bytes) -> dict[str, str]:
    """Parse the fields of a form. Raises IamError MalformedQueryString."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=MAX_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise IamError("MalformedQueryString", "The form cannot be read.") from None
    if len(found := dict(pairs)) != len(pairs):
        raise IamError("MalformedQueryString", "A parameter is there twice.")
    return found


def render_error(error: IamError, request_id: str) -> Reply:
    status = status_of(error.code)
    kind = "Receiver" if status >= 500 else "Sender"
    return _reply(
        status,
        f'<ErrorResponse xmlns="{_namespace()}"><Error><Type>{kind}</Type><Code>{error.code}</Code>'
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
    )


def status_of(code: str) -> int:
    """Return the HTTP status of an IAM error code."""
    return _statuses().get(code) or COMMON[code]


@lru_cache(maxsize=1)
def _model() -> dict[str, Any]:
    return load_model(_MODEL)


@lru_cache(maxsize=1)
def _statuses() -> dict[str, int]:
    """Return the HTTP status of each error code in the model."""
    errors = [shape["error"] for shape in _model()["shapes"].values() if "error" in shape]
    return {error["code"]: error["httpStatusCode"] for error in errors}


def _namespace() -> str:
    return str(_model()["metadata"]["xmlNamespace"])


def _shape(shapes: dict[str, Any], reference: dict[str, Any] | None) -> Shape:
    return Shape(shapes, reference) if reference else Shape({"": {"type": "structure"}}, {"shape": ""})


def _value(name: str, member: Shape, text: str) -> str | int:
    if member.type == "integer":
        low, high = member.trait("min", 0), member.trait("max", 2**31 - 1)
        if not (text.isascii() and text.isdecimal() and low <= int(text[:10]) <= high):
            raise _invalid(name, text, f"Member must have value between {low} and {high}")
        return int(text)
    low, high = member.trait("min", 0), member.trait("max", 1 << 17)
    if not low <= len(text) <= high:
        bound = f"less than or equal to {high}" if len(text) > high else f"greater than or equal to {low}"
        raise _invalid(name, text, f"Member must have length {bound}")
    if (pattern := member.trait("pattern")) and not re.fullmatch(pattern, text, re.ASCII):
        raise _invalid(name, text, f"Member must satisfy regular expression pattern: {pattern}")
    if member.enum and text not in member.enum:
        raise _invalid(name, text, f"Member must satisfy enum value set: [{', '.join(member.enum)}]")
    return text


def _invalid(name: str, text: str | None, constraint: str) -> IamError:
    shown = "null" if text is None else f"'{text if len(text) <= 128 else text[:128] + '...'}'"
    return IamError(
        "ValidationError",
        f"1 validation error detected: Value {shown} at '{_lower(name)}' failed to satisfy constraint: "
        f"{constraint}",
    )


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _reply(status: int, document: str) -> Reply:
    body = (DECLARATION + document).encode()
    return Reply(status, [_XML, (b"content-length", b"%d" % len(body))], body)
