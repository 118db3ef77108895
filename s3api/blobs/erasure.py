"""Erasure coding: cut a stripe into six data chunks, compute Reed-Solomon parity, rebuild missing chunks.

The code is zfec's, a systematic Vandermonde code over GF(2^8). ISA-L computes it if it is installed and the
chunks are large enough to be worth its call.

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
from s3api.blobs.isal import Isal, Matrix, load

DATA_CHUNKS = 6
MAX_PARITY = 4
STRIPE_BYTES = 6 << 20
ISAL_BYTES = 1024  # of a chunk; below, the call costs as much as it saves


@lru_cache(maxsize=64)
def chunk_offsets(size: int) -> tuple[int, ...]:
    """Offsets of the six data chunks in a stripe of `size` bytes, and, seventh, the end of the last."""
    return tuple(i * size // DATA_CHUNKS for i in range(DATA_CHUNKS + 1))


def parity_length(size: int) -> int:
    """Length of every parity chunk, and of the longest data chunk, of a stripe of `size` bytes."""
    return -(-size // DATA_CHUNKS)


def chunk_length(size: int, slot: int) -> int:
    """Length of the chunk in `slot` of a stripe of `size` bytes."""
    if slot >= DATA_CHUNKS:
        return parity_length(size)
    return (slot + 1) * size // DATA_CHUNKS - slot * size // DATA_CHUNKS


@lru_cache(maxsize=MAX_PARITY + 1)
def _encoder(parity: int) -> zfec.Encoder:
    return zfec.Encoder(DATA_CHUNKS, DATA_CHUNKS + parity)


@lru_cache(maxsize=MAX_PARITY + 1)
def _decoder(parity: int) -> zfec.Decoder:
    return zfec.Decoder(DATA_CHUNKS, DATA_CHUNKS + parity)


def uses_isal() -> bool:
    """Whether ISA-L computes parity."""
    return _isal is not None


def _zfec_parity(blocks: Sequence[Buffer], parity: int) -> list[bytes]:
    """Compute the parity of six blocks of one length, with zfec."""
    coded: list[bytes] = _encoder(parity).encode(blocks, range(DATA_CHUNKS, DATA_CHUNKS + parity))
    return coded


def encode_parity(chunks: Sequence[Buffer], parity: int) -> list[Buffer]:
    """Compute `parity` parity chunks of six data chunks.

    Releases the GIL.
    """
    if not parity:
        return []
    longest = max(map(len, chunks))
    if not longest:
        return [b""] * parity
    blocks = [_pad(chunk, longest) for chunk in chunks]
    if _isal is None or longest < ISAL_BYTES:
        return list[Buffer](_zfec_parity(blocks, parity))
    coded = [bytearray(longest) for _ in range(parity)]
    _parity_matrix(_isal, parity).times(blocks, coded)
    return list[Buffer](coded)


def encode_parity_into(chunks: Sequence[Buffer], out: Sequence[bytearray | memoryview]) -> None:
    """Compute the parity of chunks of one length into existing buffers, one for each parity chunk."""
    if _isal is None:
        for buffer, coded in zip(out, _zfec_parity(chunks, len(out)), strict=True):
            buffer[:] = coded
    elif out:
        _parity_matrix(_isal, len(out)).times(chunks, out)


def rebuild(have: Mapping[int, Buffer], size: int, parity: int, wanted: Sequence[int]) -> dict[int, Buffer]:
    """Rebuild the chunks of the slots `wanted` in a stripe of `size` bytes, from any six chunks in `have`.

    Raises ValueError with fewer than six. Releases the GIL.
    """
    if len(have) < DATA_CHUNKS:
        raise ValueError(f"{len(have)} chunks cannot make a stripe of {DATA_CHUNKS}")
    longest = parity_length(size)
    slots = sorted(have)[:DATA_CHUNKS]  # data first: zfec needs a data chunk at its own index
    blocks = [_pad(have[slot], longest) for slot in slots]
    if _isal is None or longest < ISAL_BYTES:
        made = _zfec_rebuild(blocks, slots, size, parity, wanted)
    else:
        buffers = [bytearray(longest) for _ in wanted]
        _rebuilding_matrix(_isal, parity, tuple(slots), tuple(wanted)).times(blocks, buffers)
        made = dict(zip(wanted, buffers, strict=True))
    return {slot: memoryview(made[slot])[: chunk_length(size, slot)] for slot in wanted}


def _zfec_rebuild(
    blocks: Sequence[Buffer], slots: Sequence[int], size: int, parity: int, wanted: Sequence[int]
) -> Mapping[int, Buffer]:
    """Rebuild with zfec: first the data chunks, then from them the parity chunks."""
    if slots == list(range(DATA_CHUNKS)):
        data = blocks
    else:
        data = _decoder(parity).decode(blocks, slots)
    made = dict(enumerate(data))
    if any(slot >= DATA_CHUNKS for slot in wanted):
        cut = [memoryview(chunk)[: chunk_length(size, s)] for s, chunk in enumerate(data)]
        made.update(enumerate(encode_parity(cut, parity), DATA_CHUNKS))
    return made


# --- the code as a matrix ------------------------------------------------------------------------------


@lru_cache(maxsize=MAX_PARITY + 1)
def _generator_rows(parity: int) -> list[bytes]:
    """The generator matrix: row i makes slot i of the six data chunks (identity, then zfec's rows)."""
    units = [bytes(i == slot for i in range(DATA_CHUNKS)) for slot in range(DATA_CHUNKS)]
    # The parity of one-byte chunks, one of them 1 and the others 0, is the coefficient.
    columns = [_zfec_parity([unit[i : i + 1] for i in range(DATA_CHUNKS)], parity) for unit in units]
    return units + [b"".join(column[row] for column in columns) for row in range(parity)]


@lru_cache(maxsize=MAX_PARITY + 1)
def _parity_matrix(library: Isal, parity: int) -> Matrix:
    return library.matrix(_generator_rows(parity)[DATA_CHUNKS:])


@lru_cache(maxsize=1024)
def _rebuilding_matrix(library: Isal, parity: int, slots: tuple[int, ...], wanted: tuple[int, ...]) -> Matrix:
    """The matrix that makes the chunks `wanted` of the six chunks in `slots`."""
    rows = _generator_rows(parity)
    data_of_slots = library.inverse([rows[slot] for slot in slots])
    product = [bytearray(DATA_CHUNKS) for _ in wanted]
    library.matrix([rows[slot] for slot in wanted]).times(data_of_slots, product)
    return library.matrix([bytes(row) for row in product])


def _verified_isal(library: Isal | None) -> Isal | None:
    """The library if its parity equals zfec's, else None: other parity could never be decoded."""
    if library is None:
        return None
    blocks = [bytes((7 * i * i + 31 * slot) % 256 for i in range(ISAL_BYTES)) for slot in range(DATA_CHUNKS)]
    coded = [bytearray(ISAL_BYTES) for _ in range(MAX_PARITY)]
    _parity_matrix(library, MAX_PARITY).times(blocks, coded)
    return library if coded == _zfec_parity(blocks, MAX_PARITY) else None


def _pad(chunk: Buffer, length: int) -> Buffer:
    return chunk if len(chunk) == length else bytes(chunk) + b"\0" * (length - len(chunk))


_isal = _verified_isal(load())
