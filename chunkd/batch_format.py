"""The body of a batch request: several chunk operations in one HTTP request. No I/O.

A request is a sequence of operations. Each has a head (kind, length of the id, two numbers; 10 bytes,
big-endian) and the id. A PUT's first number is the length of the data, which follow; a RANGE's numbers are
start and stop. The response has one result for each operation, in order: status and length (5 bytes), then
the bytes read, or the reason of a failure (UTF-8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from chunkd.node import Buffer

MEDIA_TYPE = "application/x-chunkd-batch"
MAX_OPERATIONS = 1024
MAX_READS = 256
MAX_BODY_BYTES = 80 << 20
MAX_ID_BYTES = 250
PUT, GET, RANGE, DELETE = range(1, 5)
OK, MISSING, FULL, DOWN, BAD = range(5)
_HEAD = Struct(">BBII")
_RESULT = Struct(">BI")


class BatchError(ValueError):
    """The bytes are not a valid batch, or the batch exceeds a limit."""


class Operation(NamedTuple):
    """One operation of a batch. `data`: the bytes of a PUT. `first`, `last`: start and stop of a RANGE."""

    kind: int
    chunk_id: bytes
    data: Buffer = b""
    first: int = 0
    last: int = 0


def write_operation(operation: Operation) -> tuple[Buffer, ...]:
    """Encode an operation, as pieces: the data of a PUT are not copied."""
    kind, chunk_id, data, first, last = operation
    if kind == PUT:
        return _HEAD.pack(PUT, len(chunk_id), len(data), 0) + chunk_id, data
    return (_HEAD.pack(kind, len(chunk_id), first, last) + chunk_id,)


def read_operations(body: Buffer) -> list[Operation]:
    """Decode all operations of a request; their data are views into `body`. Raises BatchError."""
    view, at, out, reads = memoryview(body), 0, list[Operation](), 0
    while at < len(view):
        if len(view) - at < _HEAD.size or len(out) == MAX_OPERATIONS:
            raise BatchError("cut short within a head, or too many operations")
        kind, id_len, first, last = _HEAD.unpack_from(view, at)
        at += _HEAD.size
        data_len = first if kind == PUT else 0
        reads += kind in (GET, RANGE)
        if not PUT <= kind <= DELETE or not 0 < id_len <= MAX_ID_BYTES or reads > MAX_READS:
            raise BatchError(f"an unknown operation ({kind}), an id of {id_len} bytes, or too many reads")
        if len(view) - at < id_len + data_len:
            raise BatchError("cut short within an operation")
        chunk_id = bytes(view[at : at + id_len])
        out.append(Operation(kind, chunk_id, view[at + id_len : at + id_len + data_len], first, last))
        at += id_len + data_len
    return out


def write_results(results: Iterable[tuple[int, Buffer]]) -> list[Buffer]:
    """Encode results (status, bytes), as pieces: the bytes are not copied."""
    pieces: list[Buffer] = []
    for status, data in results:
        pieces += (_RESULT.pack(status, len(data)), data)
    return pieces


def read_results(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Decode the results of a response: (status, bytes) of each operation. Raises BatchError."""
    at = 0
    while at < len(body):
        if len(body) - at < _RESULT.size:
            raise BatchError("cut short within a result's head")
        status, length = _RESULT.unpack_from(body, at)
        at += _RESULT.size
        if len(body) - at < length:
            raise BatchError("cut short within a result")
        yield status, body[at : at + length]
        at += length
