"""Streaming parser of the file in a multipart/form-data body (RFC 7578).

`FormFile.open` reads up to the first byte of the field `file`; `pieces` is then the source of a body. The
fields before the file are kept in `fields` on request (a browser upload to S3), else skipped; those after it
are always skipped. Their number and size are limited. A truncated form, or one with a second file, fails
while its last bytes are read, before anything is stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from chunkd import Buffer
from s3api.body import Source
from s3api.errors import S3Error

FIELD = b"file"
OTHER_FIELDS_BYTES = 1 << 20
MAX_PARTS = 100
MAX_HEADERS = 16
MAX_HEADER_BYTES = 8 << 10


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a multipart/form-data body. Raises S3Error MalformedPOSTRequest."""
    _, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise _malformed("The form has no boundary in its Content-Type.")
    return boundary


@dataclass(slots=True)
class _Part:
    """The field being read. `name`, `value`: of its current header; `text`: the value of a field to keep."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    wanted: bool = False
    kept: str = ""
    text: bytearray = field(default_factory=bytearray)


class FormFile:
    """The file of a form. `name` and `type` are "" if the form does not give them."""

    def __init__(self, source: Source, boundary: bytes, *, most_field_bytes: int, keep: bool) -> None:
        self._source = source
        self._most_field_bytes, self._keep = most_field_bytes, keep
        self.fields: dict[str, str] = {}
        self._data: deque[memoryview] = deque()
        self._chunk = memoryview(b"")
        self._part = _Part()
        self._parts = self._other_bytes = 0
        self._found = self._whole = False
        self.name = self.type = ""
        self._parser = MultipartParser(
            boundary, self._callbacks(), max_header_count=MAX_HEADERS, max_header_size=MAX_HEADER_BYTES
        )

    @classmethod
    async def open(
        cls,
        source: Source,
        boundary: bytes,
        *,
        most_field_bytes: int = OTHER_FIELDS_BYTES,
        keep_fields: bool = False,
    ) -> FormFile:
        """Read a form until its file begins.

        Raises S3Error IncorrectNumberOfFilesInPostRequest, MalformedPOSTRequest,
        MaxPostPreDataLengthExceededError; InvalidArgument for a kept field that occurs twice.
        """
        form = cls(source, boundary, most_field_bytes=most_field_bytes, keep=keep_fields)
        while not form._found:
            if not await form._advance():
                raise S3Error("IncorrectNumberOfFilesInPostRequest")
        return form

    async def pieces(self) -> Sequence[Buffer]:
        """Return the next bytes of the file, [] at its end. Raises S3Error IncompleteBody if the form is
        cut short.
        """
        while not self._data and await self._advance():
            pass
        taken: list[Buffer] = list(self._data)
        self._data.clear()
        return taken

    async def _advance(self) -> bool:
        """Parse the next bytes of the body; False at the end of a complete form."""
        pieces = await self._source()
        for piece in pieces:
            data = bytes(piece)
            self._chunk = memoryview(data)
            try:
                self._parser.write(data)
            except FormParserError as why:
                raise _malformed(f"The form cannot be read: {why}") from None
        if pieces:
            return True
        if not self._whole:
            raise S3Error("IncompleteBody")
        return False

    # --- called by the parser ---------------------------------------------------------------

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._part.name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._part.value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _malformed(f"The form has more than {MAX_PARTS} fields.")

    def _header_end(self) -> None:
        part = self._part
        part.headers[bytes(part.name).lower()] = bytes(part.value)
        part.name.clear()
        part.value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"")
        if name != FIELD:
            if self._keep and not self._found:
                self._part.kept = _text(name).lower()
            return
        if self._found:
            raise S3Error("IncorrectNumberOfFilesInPostRequest")
        self._found = self._part.wanted = True
        self.name = _file_name(options.get(b"filename", b""))
        self.type = _text(self._part.headers.get(b"content-type", b""))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.wanted:
            # Most data is a slice of the received bytes. What looked like a boundary comes from a buffer of
            # the parser.
            whole = self._chunk if data is self._chunk.obj else memoryview(data)
            self._data.append(whole[start:end])
            return
        self._other_bytes += end - start
        if self._other_bytes > self._most_field_bytes:
            raise S3Error("MaxPostPreDataLengthExceededError")
        if self._part.kept:
            self._part.text += data[start:end]

    def _part_end(self) -> None:
        if not (name := self._part.kept):
            return
        if name in self.fields:
            raise S3Error("InvalidArgument", "POST requires each field once.", ArgumentName=name)
        self.fields[name] = _text(bytes(self._part.text))

    def _end(self) -> None:
        self._whole = True


def _file_name(raw: bytes) -> str:
    """Undo the three escapes of browsers (HTML, "multipart/form-data encoding algorithm")."""
    name = _text(raw)
    for escaped, meant in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(escaped, meant)
    return name


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _malformed(why: str) -> S3Error:
    return S3Error("MalformedPOSTRequest", why)
