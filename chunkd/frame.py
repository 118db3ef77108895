"""The format of a stored chunk: a header with checksums, then the payload (a frame).

    0   4      magic and version, b"6fC1"
    4   4      payload length in bytes
    8   4 * n  CRC32C of each block of 64 KiB of the payload (the last one shorter); n = ceil(length / 65536)
    .   4      CRC32C of all of the above, seeded with the CRC32C of the chunk's id
    .   ...    the payload

Integers are big-endian. Decoding detects flipped bits, truncated chunks, and chunks stored under another id.
A ranged read is cheap: the header and the blocks that cover the range are enough to verify it. No I/O; bytes
are copied only where a function says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from struct import Struct
from typing import cast

import awscrt.checksums

from chunkd.node import Buffer

BLOCK_BYTES = 64 << 10
MAX_PAYLOAD_BYTES = 64 << 20
MAGIC = b"6fC1"
_FIXED = Struct(">4sI")
_SINGLE = Struct(">4sII")  # the header of a payload of one block, without its own checksum
_WORD = Struct(">I")
_SINGLE_HEADER_BYTES = _SINGLE.size + _WORD.size
_BYTES = [bytes((number,)) for number in range(256)]
_EMPTY_HEADER_BYTES = _FIXED.size + _WORD.size
# (bytes, previous) -> int: the native function behind awscrt.checksums.crc32c, if it still has this name. A
# small chunk needs three calls.
_native = getattr(awscrt.checksums, "_awscrt", None)
crc32c = cast(Callable[..., int], getattr(_native, "checksums_crc32c", awscrt.checksums.crc32c))


class FrameError(Exception):
    """The bytes are not the frame of that chunk: damaged, truncated, or another chunk's."""


def header_length(payload_len: int) -> int:
    """Length of the header before a payload of that length."""
    return _EMPTY_HEADER_BYTES + 4 * -(-payload_len // BLOCK_BYTES)


def framed_length(payload_len: int) -> int:
    """Length of header and payload together."""
    return header_length(payload_len) + payload_len


def encode(chunk_id: bytes, payload: Buffer) -> bytes:
    """Encode a chunk: header and payload as one new byte string. Copies `payload` (contiguous bytes)."""
    length = len(payload)
    if 0 < length <= BLOCK_BYTES:
        head = _SINGLE.pack(MAGIC, length, crc32c(payload, 0))
        return b"".join((head, _WORD.pack(crc32c(head, crc32c(chunk_id, 0))), payload))
    return b"".join((_header(chunk_id, memoryview(payload)), payload))


def encode_many(prefix: bytes, payloads: Sequence[Buffer]) -> list[tuple[bytes, bytes]]:
    """Encode the chunks `prefix` + byte i, of payload i, as (id, frame). Costs half of `encode` for each."""
    names = list(map(prefix.__add__, _BYTES[: len(payloads)]))
    lengths = list(map(len, payloads))
    if not (lengths and min(lengths) > 0 and max(lengths) <= BLOCK_BYTES):
        return [(name, encode(name, payload)) for name, payload in zip(names, payloads, strict=True)]
    heads, checks = _heads(prefix, payloads, lengths)
    return list(zip(names, map(b"".join, zip(heads, checks, payloads, strict=True)), strict=True))


def _heads(
    prefix: bytes, payloads: Sequence[Buffer], lengths: Sequence[int]
) -> tuple[list[bytes], list[bytes]]:
    """Headers of payloads of one block each, and their checksums. Loops in C: every small object calls it."""
    heads = list(map(_SINGLE.pack, repeat(MAGIC), lengths, map(crc32c, payloads, repeat(0))))
    seeds = map(crc32c, _BYTES, repeat(crc32c(prefix, 0)))
    return heads, list(map(_WORD.pack, map(crc32c, heads, seeds)))


def encode_in_place(chunk_id: bytes, buffer: bytearray | memoryview) -> None:
    """Encode in place: write the header before a payload that is in `buffer` at header_length(its length).

    Raises ValueError if no payload makes a frame of len(buffer).
    """
    view = memoryview(buffer)
    at = len(view) - _payload_length(len(view))
    view[:at] = _header(chunk_id, view[at:])


def decode(chunk_id: bytes, framed: Buffer) -> memoryview:
    """Decode a frame: a view of the payload, every byte verified. Raises FrameError."""
    view = memoryview(framed)
    if _SINGLE_HEADER_BYTES < len(view) <= _SINGLE_HEADER_BYTES + BLOCK_BYTES:
        body = view[_SINGLE_HEADER_BYTES:]
        head = view[: _SINGLE.size]
        (check,) = _WORD.unpack_from(view, _SINGLE.size)
        if (MAGIC, len(body), crc32c(body, 0)) == _SINGLE.unpack(head) and crc32c(
            head, crc32c(chunk_id, 0)
        ) == check:
            return body
    return _decode_checked(chunk_id, view)


def decode_joined(prefix: bytes, frames: Sequence[bytes]) -> bytes:
    """Decode small chunks and join their payloads, verified; frames[i] is the chunk `prefix` + byte i.

    Costs half of `decode` for each. Raises FrameError, also for a payload of more than one block.
    """
    bodies = [data[_SINGLE_HEADER_BYTES:] for data in frames]
    lengths = list(map(len, bodies))
    if not (lengths and min(lengths) > 0 and max(lengths) <= BLOCK_BYTES):
        raise FrameError(f"frames of payloads of {lengths} bytes are not of one block each")
    whole = list(map(bytes.__add__, *_heads(prefix, bodies, lengths)))
    found = [data[:_SINGLE_HEADER_BYTES] for data in frames]
    if found != whole:
        slot = next(slot for slot, head in enumerate(whole) if found[slot] != head)
        raise FrameError(f"the chunk in slot {slot} is damaged, or another chunk's")
    return b"".join(bodies)


def payload_length(chunk_id: bytes, header: Buffer) -> int:
    """The payload's length from the header, which is verified. More bytes may follow the header.

    Raises FrameError.
    """
    view = memoryview(header)
    if len(view) < _EMPTY_HEADER_BYTES:
        raise FrameError(f"a header of {len(view)} bytes")
    magic, length = _FIXED.unpack_from(view)
    if magic != MAGIC or length > MAX_PAYLOAD_BYTES:
        raise FrameError(f"not a chunk, or of an unknown format: it begins with {bytes(view[:8]).hex()}")
    at = header_length(length) - _WORD.size
    if len(view) < at + _WORD.size:
        raise FrameError(f"truncated within the header: {len(view)} bytes")
    if crc32c(view[:at], crc32c(chunk_id, 0)) != _WORD.unpack_from(view, at)[0]:
        raise FrameError("the header's checksum is wrong, or it is another chunk's")
    return int(length)


def block_span(length: int, start: int, stop: int) -> tuple[int, int]:
    """The span, in the frame of a payload of `length` bytes, of the blocks that cover bytes [start, stop)."""
    at = header_length(length)
    stop = min(stop, length)
    if start >= stop:
        return at, at
    return at + start // BLOCK_BYTES * BLOCK_BYTES, at + min(length, -(-stop // BLOCK_BYTES) * BLOCK_BYTES)


def decode_range(chunk_id: bytes, header: Buffer, part: Buffer, start: int, stop: int) -> memoryview:
    """Decode bytes [start, stop) of the payload (fewer where it ends before), verified.

    `header`: the first header_length(length) bytes of the frame, or more. `part`: the bytes of `block_span`.
    Raises FrameError.
    """
    length = payload_length(chunk_id, header)
    first, last = block_span(length, start, stop)
    view = memoryview(part)
    if len(view) != last - first:
        raise FrameError(f"{len(view)} bytes where the blocks have {last - first}")
    at = header_length(length)
    _check_blocks(memoryview(header), view, (first - at) // BLOCK_BYTES)
    skip = start - (first - at)
    return view[skip : skip + max(0, min(stop, length) - start)]


def _header(chunk_id: bytes, body: memoryview) -> bytes:
    if len(body) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(body)} bytes is larger than a chunk may be")
    sums = [crc32c(body[at : at + BLOCK_BYTES], 0) for at in range(0, len(body), BLOCK_BYTES)]
    head = _FIXED.pack(MAGIC, len(body)) + b"".join(map(_WORD.pack, sums))
    return head + _WORD.pack(crc32c(head, crc32c(chunk_id, 0)))


def _payload_length(framed_len: int) -> int:
    """The payload's length in a frame of that length. Raises ValueError if there is none."""
    count = -(-(framed_len - _EMPTY_HEADER_BYTES) // (BLOCK_BYTES + 4))
    length = framed_len - _EMPTY_HEADER_BYTES - 4 * count
    if length < 0 or header_length(length) + length != framed_len:
        raise ValueError(f"no payload makes a frame of {framed_len} bytes")
    return length


def _decode_checked(chunk_id: bytes, view: memoryview) -> memoryview:
    length = payload_length(chunk_id, view)
    at = header_length(length)
    if len(view) != at + length:
        raise FrameError(f"{len(view)} bytes where header and payload have {at + length}")
    _check_blocks(view, view[at:], 0)
    return view[at:]


def _check_blocks(header: memoryview, part: memoryview, first: int) -> None:
    for number, at in enumerate(range(0, len(part), BLOCK_BYTES), first):
        (expected,) = _WORD.unpack_from(header, _FIXED.size + 4 * number)
        if crc32c(part[at : at + BLOCK_BYTES], 0) != expected:
            raise FrameError(f"block {number} is damaged")
