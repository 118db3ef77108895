"""Render an operation's result, a dict by the model's names, as status, headers and body.

Values are as boto3 returns them: ETag with its quotes, times as datetime or integer (microseconds since 1970
UTC), Body any stream. None values are left out. A name that the model does not have raises KeyError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from s3api.wire.model import OperationModel, Shape
from s3api.wire.scalars import Writer, escape, writer
from s3api.wire.tables import (
    ROOT_ELEMENTS,
    STATUS_IF_SET,
    SUCCESS_STATUS,
    UNMODELLED_HEADERS,
    UNWRAPPED,
    XMLNS,
)
from s3api.wire.xml_write import ElementWriter, compile_writer

Headers = list[tuple[bytes, bytes]]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XML = (b"content-type", b"application/xml")
_JSON = (b"content-type", b"application/json")
_break = re.compile("[\x00\r\n]").search


@dataclass(slots=True)
class Reply:
    """An HTTP response: status, headers, and `body` or `stream` (both None: no body).

    `content-length` is among the headers if it is known.
    """

    status: int
    headers: Headers
    body: bytes | None = None
    stream: Any = None


class ReplyWriter:
    """Renders the results of one operation."""

    def __init__(self, model: OperationModel) -> None:
        shape = model.output
        self._status = SUCCESS_STATUS.get(model.name, model.status)
        self._head = model.method == "HEAD"
        self._fields = {name: _header_writer(name, m) for name, m in shape.members.items()}
        for name, wire in UNMODELLED_HEADERS.get(model.name, {}).items():
            self._fields[name] = _text_header(wire.encode())
        self._status_member, self._status_if_set = STATUS_IF_SET.get(model.name, ("", 0))
        if self._status_member:
            self._fields[self._status_member] = None
        self._stream: str | None = None
        self._text: str | None = None
        self._body_member: str | None = None
        self._write: ElementWriter | None = None
        self._compile_body(model.name, shape)

    def _compile_body(self, operation: str, shape: Shape) -> None:
        namespace = f' xmlns="{XMLNS}"'
        plain = [name for name, member in shape.members.items() if not member.location]
        if shape.payload:
            member = shape.members[shape.payload]
            if member.type == "structure" and not member.trait("eventstream"):
                self._body_member = shape.payload
                self._write = compile_writer(member, member.wire_name(member.name), namespace)
            elif member.type == "string":
                self._text = shape.payload
            else:
                self._stream = shape.payload
        elif operation in UNWRAPPED:
            (self._body_member,) = plain
            tag = ROOT_ELEMENTS[operation]
            self._write = lambda value: f"<{tag}{namespace}>{escape(value or '')}</{tag}>"
        elif plain:
            self._write = compile_writer(shape, ROOT_ELEMENTS.get(operation, shape.name), namespace)

    def render(self, result: Mapping[str, Any] | None) -> Reply:
        result = result or {}
        headers: Headers = []
        for name, value in result.items():
            field = self._fields[name]
            if field is not None and value is not None:
                field(value, headers)
        status = 206 if result.get("ContentRange") is not None else self._status
        if self._status_member and result.get(self._status_member):
            status = self._status_if_set
        if self._stream:
            return Reply(status, headers, stream=result.get(self._stream))
        if self._head or status == 204:
            return Reply(status, headers)
        return self._with_body(status, headers, result)

    def _with_body(self, status: int, headers: Headers, result: Mapping[str, Any]) -> Reply:
        body = b""
        if self._write:
            value = result.get(self._body_member) if self._body_member else result
            body = (DECLARATION + self._write({} if value is None else value)).encode()
            headers.append(_XML)
        elif self._text:
            body = str(result.get(self._text) or "").encode()
            headers.append(_JSON)
        headers.append((b"content-length", b"%d" % len(body)))
        return Reply(status, headers, body)


def _header_writer(name: str, member: Shape) -> Any:
    """Return a function that adds the member's header, or None for a member of the body."""
    if member.location == "headers":
        return _prefixed_headers(member.wire_name(name).lower())
    if member.location != "header":
        return None
    wire = member.wire_name(name).lower().encode()
    if member.type == "string":
        return _text_header(wire)
    write = writer(member, date_format="rfc822")
    return _typed_header(wire, write)


def _text_header(wire: bytes) -> Any:
    def add(value: str, headers: Headers) -> None:
        if _break(value):
            raise ValueError(f"line break in the header {wire.decode()}")
        headers.append((wire, value.encode()))

    return add


def _typed_header(wire: bytes, write: Writer) -> Any:
    def add(value: Any, headers: Headers) -> None:
        headers.append((wire, write(value).encode()))

    return add


def _prefixed_headers(prefix: str) -> Any:
    def add(values: Mapping[str, str], headers: Headers) -> None:
        for name, value in values.items():
            if _break(value) or _break(name):
                raise ValueError(f"line break in the header {prefix}{name}")
            headers.append(((prefix + name).encode(), value.encode()))

    return add
