"""The frame format: detects damaged, truncated and swapped chunks; ranges verify by blocks."""

from __future__ import annotations

import os
import random

import pytest

from chunkd import frame
from chunkd.frame import BLOCK_BYTES, FrameError
from tests.chunkd.chunks import sealed, some_id

EDGES = sorted(
    {max(0, n * BLOCK_BYTES + d) for n in range(4) for d in (-21, -20, -4, -1, 0, 1, 4, 20)} | {700}
)


@pytest.mark.parametrize("size", EDGES)
def test_framing_and_sealing_agree_and_verify(size: int) -> None:
    chunk_id, payload = some_id(), os.urandom(size)
    framed = frame.encode(chunk_id, payload)
    buffer = bytearray(frame.header_length(size)) + payload
    frame.encode_in_place(chunk_id, memoryview(buffer))
    assert buffer == framed
    assert len(framed) == frame.framed_length(size)
    assert frame.decode(chunk_id, framed) == payload
    assert frame.payload_length(chunk_id, framed) == size


@pytest.mark.parametrize("size", [0, 1, 40, 200])
def test_every_flipped_bit_is_caught(size: int) -> None:
    chunk_id, framed = sealed(size)
    for bit in range(len(framed) * 8):
        damaged = bytearray(framed)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameError):
            frame.decode(chunk_id, damaged)


@pytest.mark.parametrize("size", [BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES - 1])
def test_flipped_bits_of_large_chunks_are_caught(size: int) -> None:
    chunk_id, framed = sealed(size)
    rng = random.Random(size)
    for at in [*range(40), *(rng.randrange(len(framed)) for _ in range(200)), len(framed) - 1]:
        damaged = bytearray(framed)
        damaged[at] ^= 1 << rng.randrange(8)
        with pytest.raises(FrameError):
            frame.decode(chunk_id, damaged)


@pytest.mark.parametrize("size", [0, 1, 700, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_cut_short_or_too_long_is_caught(size: int) -> None:
    chunk_id, framed = sealed(size)
    lengths = {*range(min(60, len(framed))), len(framed) // 2, len(framed) - 1} - {len(framed)}
    for damaged in [*(framed[:length] for length in lengths), framed + b"\0"]:
        with pytest.raises(FrameError):
            frame.decode(chunk_id, damaged)


@pytest.mark.parametrize("size", [0, 700, BLOCK_BYTES + 1])
def test_another_chunks_id_is_caught(size: int) -> None:
    chunk_id, framed = sealed(size)
    with pytest.raises(FrameError):
        frame.decode(chunk_id[:-1] + b"\x01", framed)


@pytest.mark.parametrize("size", EDGES)
def test_ranges_are_slices(size: int) -> None:
    chunk_id, framed = sealed(size)
    payload = framed[frame.header_length(size) :]
    rng = random.Random(size)
    cuts = [0, 1, size, size + 5, *(max(0, n * BLOCK_BYTES + d) for n in (1, 2) for d in (-1, 0, 1))]
    for start, stop in [
        *((a, b) for a in cuts for b in cuts),
        *((rng.randrange(size + 2), size) for _ in range(9)),
    ]:
        first, last = frame.block_span(size, start, stop)
        got = frame.decode_range(
            chunk_id, framed[: frame.header_length(size)], framed[first:last], start, stop
        )
        assert got == payload[start:stop], (start, stop)


def test_a_range_verifies_the_blocks_that_it_needs_and_no_others() -> None:
    size = 3 * BLOCK_BYTES
    chunk_id, framed = sealed(size)
    at = frame.header_length(size)
    damaged = bytearray(framed)
    damaged[at + BLOCK_BYTES + 5] ^= 1
    first, last = frame.block_span(size, 2 * BLOCK_BYTES, size)
    assert (
        len(frame.decode_range(chunk_id, damaged[:at], damaged[first:last], 2 * BLOCK_BYTES, size))
        == BLOCK_BYTES
    )
    first, last = frame.block_span(size, BLOCK_BYTES + 100, BLOCK_BYTES + 101)
    assert last - first == BLOCK_BYTES
    with pytest.raises(FrameError):
        frame.decode_range(chunk_id, damaged[:at], damaged[first:last], BLOCK_BYTES + 100, BLOCK_BYTES + 101)


def test_verifying_copies_nothing() -> None:
    chunk_id, framed = sealed(100_000)
    assert frame.decode(chunk_id, framed).obj is framed


def test_no_payload_makes_a_frame_of_such_a_length() -> None:
    for length in (0, 11, 13, 16, frame.framed_length(BLOCK_BYTES) + 1, frame.framed_length(BLOCK_BYTES) + 4):
        with pytest.raises(ValueError, match="no payload"):
            frame.encode_in_place(some_id(), bytearray(length))
