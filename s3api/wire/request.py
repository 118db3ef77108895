"""A request's path, query and headers to an operation's inputs, typed; and what a handler does not honour,
refused.

One pass over the headers that are there (a dozen), not over those that might be (PutObject has 45). "No
silent ignoring": an input that the handler does not take, or an x-amz-* header that nobody knows, is 501,
unless a table in `s3api.wire.tables` says why it is harmless.
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
    DOCUMENT_DIGESTS,
    ENCRYPTED_BEFORE,
    ENCRYPTION_HEADERS,
    ENUM_ERRORS,
    GATEWAY_INPUTS,
    GUARDS,
    HARMLESS,
    JUDGED_LATER,
    LENIENT_DATES,
    TRANSPORT_HEADERS,
    TRANSPORT_PREFIXES,
)

Inputs = dict[str, Any]
_Fields = dict[str, tuple[str, Reader]]
_control = re.compile("[\x00-\x1f\x7f]").search


class RequestReader:
    """How to read one operation's inputs outside the body. `accepts` None: all that the model has.

    `known`: the headers of all operations, where others are to be ignored; None where they are refused.
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
        """Take these members and refuse the others."""
        self._headers: _Fields = {}
        self._query: _Fields = {}
        self._refused_headers: dict[str, str] = {}
        self._refused_query: dict[str, str] = {}
        self._prefix, self._prefix_member = "x-amz-meta-", ""
        for name, member in self._shape.members.items():
            taken = accepts is None or name in accepts or name in GATEWAY_INPUTS
            wire = member.wire_name(name)
            if member.location == "querystring":
                self._put(self._query, self._refused_query, wire, name, member, taken)
            elif member.location == "header":
                self._put(self._headers, self._refused_headers, wire.lower(), name, member, taken)
            elif member.location == "headers" and taken:
                self._prefix, self._prefix_member = wire.lower(), name
        if self._writes:
            for guard in GUARDS:
                if guard not in self._headers:
                    self._refused_headers.setdefault(guard, guard)
        self._required = [
            (name, member.location or "", member.wire_name(name))
            for name, member in self._shape.members.items()
            if name in self._shape.required and member.location in ("querystring", "header")
        ]

    def _put(
        self, taken: _Fields, refused: dict[str, str], wire: str, name: str, member: Shape, is_taken: bool
    ) -> None:
        if is_taken:
            taken[wire] = name, _reader(member, name, wire)
        else:
            refused[wire] = name

    def read(
        self, bucket: str | None, key: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Inputs:
        """Inputs by the model's names. Raises S3Error InvalidArgument and its like, NotImplemented."""
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
        """A header that is no input of this operation: metadata, transport, harmless, or refused."""
        if wire.startswith(self._prefix) and self._prefix_member:
            if "\0" in text:
                raise S3Error("InvalidArgument", "Metadata cannot have a NUL character.", ArgumentName=wire)
            out.setdefault(self._prefix_member, {})[wire[len(self._prefix) :]] = text
            return
        if wire in TRANSPORT_HEADERS or wire.startswith(TRANSPORT_PREFIXES):
            return
        if wire in DOCUMENT_DIGESTS and not self._stream:
            if not self._document:
                _check_of_nothing(wire, text)
            return
        if wire in HARMLESS:
            values = HARMLESS[wire]
            if values is None or text.strip() in values:
                return
        if wire in ENCRYPTION_HEADERS:
            if self._shape.name in ENCRYPTED_BEFORE:
                return
            if not self._writes:
                sentence = f"{wire} header is not supported for this operation."
                raise S3Error("InvalidArgument", sentence, ArgumentName=wire, ArgumentValue=text)
        if self._known is not None and wire not in self._known and wire not in self._refused_headers:
            return
        raise S3Error("NotImplemented", None, Header=wire)

    def digests(self, headers: Mapping[str, str]) -> dict[str, str]:
        """What the client says of its document's digests, by the model's names (ContentMD5,
        ChecksumCRC32...).

        Where the operation has an input of that name, it is the object's (CompleteMultipartUpload), not the
        document's.
        """
        return {
            name: headers[wire]
            for wire, name in DOCUMENT_DIGESTS.items()
            if wire in headers and (wire == "content-md5" or name not in self._shape.members)
        }


def _check_of_nothing(wire: str, claimed: str) -> None:
    """The SDK for Java sends the checksum of its empty body with a GET, too. Raises S3Error BadDigest and its
    like."""
    algorithm = BY_HEADER[wire]
    if not matches(algorithm, claimed, algorithm.new().digest()):
        raise bad_digest(algorithm)


def _reader(member: Shape, name: str, wire: str) -> Reader:
    if wire in JUDGED_LATER:
        return str
    if wire in LENIENT_DATES:
        return _lenient(reader(member))
    if name.startswith("Response"):
        return _checked(_header_text, member, wire)
    if member.type == "list":
        return _checked(_list_reader(reader(member.item, fold_case=True)), member.item, wire)
    read = reader(member, fold_case=True)
    return read if read is str else _checked(read, member, wire)


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
    """Text that will be a header of the answer: a line break in it would make two."""
    if _control(text):
        raise ValueError("cannot have control characters")
    return text


def _checked(read: Callable[[str], Any], shape: Shape, wire: str) -> Reader:
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
    """The headers that the model has for an operation, in lower case."""
    return (m.wire_name(name).lower() for name, m in shape.members.items() if m.location == "header")


def query_names(shape: Shape) -> Iterable[str]:
    """The query parameters that the model has for an operation."""
    return (m.wire_name(name) for name, m in shape.members.items() if m.location == "querystring")
