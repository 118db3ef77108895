"""Cutting and Reed-Solomon: whatever is lost, up to the parity, comes back byte for byte."""

import itertools
import os

import pytest

from s3api.blobs.erasure import DATA_CHUNKS, chunk_length, cuts, parity_of, rebuild, width

SIZES = [1, 2, 5, 6, 7, 11, 12, 13, 100, 4096, 65536, 100_003]


def coded(size: int, parity: int) -> tuple[bytes, list[bytes]]:
    data = os.urandom(size)
    at = cuts(size)
    chunks = [data[at[i] : at[i + 1]] for i in range(DATA_CHUNKS)]
    return data, chunks + parity_of(chunks, parity)


@pytest.mark.parametrize("size", SIZES)
def test_six_near_equal_pieces_that_make_the_stripe(size: int) -> None:
    data, chunks = coded(size, 0)
    assert b"".join(chunks) == data
    assert [len(c) for c in chunks] == [chunk_length(size, slot) for slot in range(DATA_CHUNKS)]
    assert max(map(len, chunks)) - min(map(len, chunks)) <= 1
    assert [(cuts(size)[i], cuts(size)[i + 1]) for i in range(6)] == [
        (i * size // 6, (i + 1) * size // 6) for i in range(6)
    ]


@pytest.mark.parametrize("parity", [1, 2, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_any_loss_up_to_the_parity_is_rebuilt(size: int, parity: int) -> None:
    _, chunks = coded(size, parity)
    slots = range(DATA_CHUNKS + parity)
    assert all(len(c) == width(size) for c in chunks[DATA_CHUNKS:])
    for lost in itertools.combinations(slots, parity):
        have = {slot: chunks[slot] for slot in slots if slot not in lost}
        back = rebuild(have, size, parity, lost)
        assert {slot: bytes(chunk) for slot, chunk in back.items()} == {slot: chunks[slot] for slot in lost}


def test_fewer_than_six_chunks_are_refused() -> None:
    _, chunks = coded(600, 2)
    with pytest.raises(ValueError, match="5 chunks"):
        rebuild(dict(enumerate(chunks[:5])), 600, 2, [5])
