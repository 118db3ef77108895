"""Read an operation's typed inputs from path, query and headers; refuse inputs that its handler ignores.

One pass over the headers of the request (a dozen), not over those of the model (PutObject has 45). Nothing is
ignored silently: an input that the handler does not take, or an unknown x-amz-* header, is 501, unless a
table in `s3api.wire.tables` lists it as harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from s3api.checksums import BY_HEADER, bad_digest, matches
from s3api.errors import S3Error
from s3api.wire.model import Shape
from s3api.wire.scalars import Reader, reader
from s3api.wire.tables import (
    CONDITION_HEADERS,
    DOCUMENT_DIGESTS,
    ENCRYPTION_HEADERS,
    ENUM_ERRORS,
    GATEWAY_INPUTS,
    HARMLESS_HEADERS,
    IGNORES_ENCRYPTION_HEADERS,
    LENIENT_DATES,
    TRANSPORT_HEADERS,
    TRANSPORT_PREFIXES,
    UNCHECKED_HEADERS,
)

Inputs = dict[str, Any]
_Fields = dict[str, tuple[str, Reader]]
_control = re.compile("[\x00-\x1f\x7f]").search


class RequestReader:
    """Reads one operation's inputs outside the body.

    `known`: the headers of all operations; other x-amz-* headers are ignored. None: they are refused.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        level: int,
        writes: bool,
        document: bool,
        stream: bool,
        known: frozenset[str] | None = None,
    ) -> None:
        self._shape, self._level, self._writes, self._document = shape, level, writes, document
        self._stream, self._known = stream, known
        self.accept(None)

    def accept(self, accepts: frozenset[str] | None) -> None:
        """Read these members and refuse the others. None: read every member of the model."""
        self._headers: _Fields = {}
        self._query: _Fields = {}
        self._refused_headers: dict[str, str] = {}
        self._refused_query: dict[str, str] = {}
        self._prefix, self._prefix_member = "x-amz-meta-", ""
        for name, member in self._shape.members.items():
            taken = accepts is None or name in accepts or name in GATEWAY_INPUTS
            wire = member.wire_name(name)
            if member.location == "querystring":
                self._add_member(self._query, self._refused_query, wire, name, member, taken)
            elif member.location == "header":
                self._add_member(self._headers, self._refused_headers, wire.lower(), name, member, taken)
            elif member.location == "headers" and taken:
                self._prefix, self._prefix_member = wire.lower(), name
        if self._writes:
            for name in CONDITION_HEADERS:
                if name not in self._headers:
                    self._refused_headers.setdefault(name, name)
        self._required = [
            (name, member.location or "", member.wire_name(name))
            for name, member in self._shape.members.items()
            if name in self._shape.required and member.location in ("querystring", "header")
        ]

    def _add_member(
        self, taken: _Fields, refused: dict[str, str], wire: str, name: str, member: Shape, is_taken: bool
    ) -> None:
        if is_taken:
            taken[wire] = name, _reader(member, name, wire)
        else:
            refused[wire] = name

    def read(
        self, bucket: str | None, key: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Inputs:
        """Return the inputs by the model's names. Raises S3Error (InvalidArgument..., NotImplemented)."""
        out: Inputs = {}
        if self._level:
            out["Bucket"] = bucket
            if self._level == 2:
                out["Key"] = key
        if query:
            self._read_query(query, out)
        fields, refused = self._headers, self._refused_headers
        for wire, text in headers.items():
            if found := fields.get(wire):
                name, read = found
                if read is str:
                    out[name] = text
                elif text and (value := read(text)) is not None:
                    out[name] = value
            elif wire in refused or wire.startswith("x-amz-"):
                self._read_other(wire, text, out)
        for name, location, wire in self._required:
            if name not in out:
                _refuse_missing(location, wire)
        return out

    def _read_query(self, query: Mapping[str, str], out: Inputs) -> None:
        for wire, text in query.items():
            if found := self._query.get(wire):
                name, read = found
                if read is str:
                    out[name] = text
                elif text:
                    out[name] = read(text)
            elif wire in self._refused_query:
                raise S3Error(
                    "NotImplemented",
                    "A query parameter you provided implies functionality that is not implemented",
                    Parameter=wire,
                )

    def _read_other(self, wire: str, text: str, out: Inputs) -> None:
        """Handle a header that is not an input: user metadata, transport, harmless, or refused."""
        if wire.startswith(self._prefix) and self._prefix_member:
            if "\0" in text:
                raise S3Error("InvalidArgument", "Metadata cannot have a NUL character.", ArgumentName=wire)
            out.setdefault(self._prefix_member, {})[wire[len(self._prefix) :]] = text
            return
        if wire in TRANSPORT_HEADERS or wire.startswith(TRANSPORT_PREFIXES):
            return
        if wire in DOCUMENT_DIGESTS and not self._stream:
            if not self._document:
                _check_empty_body(wire, text)
            return
        if wire in HARMLESS_HEADERS:
            values = HARMLESS_HEADERS[wire]
            if values is None or text.strip() in values:
                return
        if wire in ENCRYPTION_HEADERS:
            if self._shape.name in IGNORES_ENCRYPTION_HEADERS:
                return
            if not self._writes:
                sentence = f"{wire} header is not supported for this operation."
                raise S3Error("InvalidArgument", sentence, ArgumentName=wire, ArgumentValue=text)
        if self._known is not None and wire not in self._known and wire not in self._refused_headers:
            return
        raise S3Error("NotImplemented", None, Header=wire)

    def digests(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the digests of the document body, by the model's names (ContentMD5, ChecksumCRC32...).

        An input of the operation with such a name is the object's checksum (CompleteMultipartUpload), and
        left out.
        """
        return {
            name: headers[wire]
            for wire, name in DOCUMENT_DIGESTS.items()
            if wire in headers and (wire == "content-md5" or name not in self._shape.members)
        }


def _check_empty_body(wire: str, claimed: str) -> None:
    """Verify the checksum of an empty body, which the SDK for Java sends with a GET too.

    Raises S3Error (BadDigest, InvalidRequest...).
    """
    algorithm = BY_HEADER[wire]
    if not matches(algorithm, claimed, algorithm.new().digest()):
        raise bad_digest(algorithm)


def _reader(member: Shape, name: str, wire: str) -> Reader:
    if wire in UNCHECKED_HEADERS:
        return str
    if wire in LENIENT_DATES:
        return _lenient(reader(member))
    if name.startswith("Response"):
        return _with_argument_error(_header_text, member, wire)
    if member.type == "list":
        return _with_argument_error(_list_reader(reader(member.item, fold_case=True)), member.item, wire)
    read = reader(member, fold_case=True)
    return read if read is str else _with_argument_error(read, member, wire)


def _lenient(read: Reader) -> Reader:
    def lenient(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return None

    return lenient


def _list_reader(read: Reader) -> Reader:
    return lambda text: [read(item.strip()) for item in text.split(",")]


def _header_text(text: str) -> str:
    """Read a header of the answer (response-*). A line break would split it into two headers."""
    if _control(text):
        raise ValueError("cannot have control characters")
    return text


def _with_argument_error(read: Callable[[str], Any], shape: Shape, wire: str) -> Reader:
    code, sentence = ENUM_ERRORS.get(shape.name, ("InvalidArgument", ""))

    def checked(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            message = f"Argument {wire} {error}" if sentence == "" else sentence
            raise S3Error(code, message, ArgumentName=wire, ArgumentValue=text) from None

    return checked


def _refuse_missing(location: str, wire: str) -> NoReturn:
    if location == "header":
        raise S3Error("InvalidRequest", f"Missing required header for this request: {wire}", Header=wire)
    raise S3Error("InvalidArgument", f"This request needs the query parameter {wire}.", ArgumentName=wire)


def header_names(shape: Shape) -> Iterable[str]:
    """Header names of an operation's input, in lower case."""
    return (m.wire_name(name).lower() for name, m in shape.members.items() if m.location == "header")


def query_names(shape: Shape) -> Iterable[str]:
    """Query parameters of an operation's input."""
    return (m.wire_name(name) for name, m in shape.members.items() if m.location == "querystring")
