"""Cutting a stripe in six, and Reed-Solomon parity over the six (zfec: systematic Vandermonde code over
GF(2^8)).

Pure arithmetic over buffers: no node, no I/O. A stripe of n bytes has six data chunks, chunk i being bytes
[i*n//6, (i+1)*n//6), so their lengths differ by one at most; parity chunks are as long as the longest, and
the shorter data chunks count as padded with one zero byte for the arithmetic only. Reference: Rizzo,
"Effective erasure codes for reliable computer communication protocols" (1997).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import zfec

from chunkd import Buffer

DATA_CHUNKS = 6
MAX_PARITY = 4
STRIPE_BYTES = 6 << 20


@lru_cache(maxsize=64)
def cuts(size: int) -> tuple[int, ...]:
    """Where the six data chunks of a stripe of `size` bytes begin, and, seventh, where the last one ends."""
    return tuple(i * size // DATA_CHUNKS for i in range(DATA_CHUNKS + 1))


def width(size: int) -> int:
    """Length of the longest data chunk, and of every parity chunk, of a stripe of `size` bytes."""
    return -(-size // DATA_CHUNKS)


def chunk_length(size: int, slot: int) -> int:
    """Length of the chunk in `slot` of a stripe of `size` bytes."""
    if slot >= DATA_CHUNKS:
        return width(size)
    return (slot + 1) * size // DATA_CHUNKS - slot * size // DATA_CHUNKS


@lru_cache(maxsize=MAX_PARITY + 1)
def _encoder(parity: int) -> zfec.Encoder:
    return zfec.Encoder(DATA_CHUNKS, DATA_CHUNKS + parity)


@lru_cache(maxsize=MAX_PARITY + 1)
def _decoder(parity: int) -> zfec.Decoder:
    return zfec.Decoder(DATA_CHUNKS, DATA_CHUNKS + parity)


def parity_of(chunks: Sequence[Buffer], parity: int) -> list[bytes]:
    """The `parity` parity chunks of six data chunks.

    Releases the GIL.
    """
    if not parity:
        return []
    longest = max(map(len, chunks))
    if not longest:
        return [b""] * parity
    blocks = [chunk if len(chunk) == longest else _pad(chunk, longest) for chunk in chunks]
    encoded: list[bytes] = _encoder(parity).encode(blocks, range(DATA_CHUNKS, DATA_CHUNKS + parity))
    return encoded


def rebuild(have: Mapping[int, Buffer], size: int, parity: int, wanted: Sequence[int]) -> dict[int, Buffer]:
    """The chunks of the slots `wanted` of a stripe of `size` bytes, from any six chunks in `have`.

    Raises ValueError with fewer than six.
    """
    if len(have) < DATA_CHUNKS:
        raise ValueError(f"{len(have)} chunks cannot make a stripe of {DATA_CHUNKS}")
    longest = width(size)
    # zfec wants a data chunk that is present in its own place; data first keeps the decoding matrix small.
    slots = sorted(have)[:DATA_CHUNKS]
    data: Sequence[Buffer]
    if slots == list(range(DATA_CHUNKS)):
        data = [have[slot] for slot in slots]
    else:
        data = _decoder(parity).decode([_pad(have[slot], longest) for slot in slots], slots)
    out: dict[int, Buffer] = {
        s: memoryview(data[s])[: chunk_length(size, s)] for s in wanted if s < DATA_CHUNKS
    }
    if any(slot >= DATA_CHUNKS for slot in wanted):
        made = parity_of([memoryview(chunk)[: chunk_length(size, s)] for s, chunk in enumerate(data)], parity)
        out.update({slot: made[slot - DATA_CHUNKS] for slot in wanted if slot >= DATA_CHUNKS})
    return out


def _pad(chunk: Buffer, length: int) -> Buffer:
    return chunk if len(chunk) == length else bytes(chunk) + b"\0" * (length - len(chunk))
