"""Erasure coding: any loss up to the parity is rebuilt, byte for byte."""

import importlib.util
import itertools
import os
import random

import pytest

from s3api.blobs import erasure, isal
from s3api.blobs.erasure import (
    DATA_CHUNKS,
    chunk_length,
    chunk_offsets,
    encode_parity,
    parity_length,
    rebuild,
)

pytestmark = pytest.mark.usefixtures("coder")
SIZES = [1, 2, 5, 6, 7, 11, 12, 13, 100, 4096, 65536, 100_003]


@pytest.fixture(params=["isal", "zfec"])
def coder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with ISA-L, if pyeclib brings it, and with zfec alone."""
    if request.param == "zfec":
        monkeypatch.setattr(erasure, "_isal", None)
    elif importlib.util.find_spec("pyeclib") is None:
        pytest.skip("there is no wheel of pyeclib for this system")
    else:
        assert erasure._isal is not None
    return str(request.param)


def coded(size: int, parity: int) -> tuple[bytes, list[bytes]]:
    data = os.urandom(size)
    at = chunk_offsets(size)
    chunks = [data[at[i] : at[i + 1]] for i in range(DATA_CHUNKS)]
    return data, [*chunks, *map(bytes, encode_parity(chunks, parity))]


@pytest.mark.parametrize("size", SIZES)
def test_six_near_equal_pieces_that_make_the_stripe(size: int) -> None:
    data, chunks = coded(size, 0)
    assert b"".join(chunks) == data
    assert [len(c) for c in chunks] == [chunk_length(size, slot) for slot in range(DATA_CHUNKS)]
    assert max(map(len, chunks)) - min(map(len, chunks)) <= 1
    assert [(chunk_offsets(size)[i], chunk_offsets(size)[i + 1]) for i in range(6)] == [
        (i * size // 6, (i + 1) * size // 6) for i in range(6)
    ]


@pytest.mark.parametrize("parity", [1, 2, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_any_loss_up_to_the_parity_is_rebuilt(size: int, parity: int) -> None:
    _, chunks = coded(size, parity)
    slots = range(DATA_CHUNKS + parity)
    assert all(len(c) == parity_length(size) for c in chunks[DATA_CHUNKS:])
    for lost in itertools.combinations(slots, parity):
        have = {slot: chunks[slot] for slot in slots if slot not in lost}
        back = rebuild(have, size, parity, lost)
        assert {slot: bytes(chunk) for slot, chunk in back.items()} == {slot: chunks[slot] for slot in lost}


@pytest.mark.parametrize("size", [1, 5, 6, 7, 600, erasure.STRIPE_BYTES])
def test_chunk_length_is_that_of_every_slot(size: int) -> None:
    _, chunks = coded(size, 4)
    assert [chunk_length(size, slot) for slot in range(10)] == list(map(len, chunks))


def test_chunks_of_a_full_stripe_are_whole_blocks() -> None:
    """A ranged read of a full stripe then needs no block of a neighbouring chunk."""
    assert erasure.STRIPE_BYTES == 6 << 20
    assert {chunk_length(erasure.STRIPE_BYTES, slot) for slot in range(8)} == {1 << 20}


@pytest.mark.parametrize("parity", [0, 1, 4])
def test_parity_of_empty_chunks_is_empty(parity: int) -> None:
    assert encode_parity([b""] * DATA_CHUNKS, parity) == [b""] * parity


def test_uses_isal_if_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_isal", None)
    assert erasure.uses_isal() is False
    monkeypatch.setattr(erasure, "_isal", isal.load() or object())
    assert erasure.uses_isal() is True


def test_fewer_than_six_chunks_are_refused() -> None:
    _, chunks = coded(600, 2)
    with pytest.raises(ValueError, match="5 chunks"):
        rebuild(dict(enumerate(chunks[:5])), 600, 2, [5])


@pytest.mark.parametrize("parity", [1, 2, 3, 4])
def test_both_compute_the_same_parity(monkeypatch: pytest.MonkeyPatch, parity: int) -> None:
    """Either library can decode the parity of the other, for every length."""
    chosen = random.Random(parity)
    for length in [*range(erasure.ISAL_BYTES, erasure.ISAL_BYTES + 130), 65_537, 1 << 20]:
        chunks = [chosen.randbytes(length - chosen.randrange(2)) for _ in range(DATA_CHUNKS)]
        found = list(map(bytes, encode_parity(chunks, parity)))
        with monkeypatch.context() as patch:
            patch.setattr(erasure, "_isal", None)
            assert found == encode_parity(chunks, parity)


@pytest.mark.parametrize("parity", [0, 1, 2, 4])
def test_parity_into_memory_that_is_there(parity: int) -> None:
    chunks = [os.urandom(5000) for _ in range(DATA_CHUNKS)]
    room = bytearray(5000 * parity)
    rooms = [memoryview(room)[at : at + 5000] for at in range(0, len(room), 5000)]
    erasure.encode_parity_into(chunks, rooms)
    assert bytes(room) == b"".join(encode_parity(chunks, parity))


def test_a_library_that_computes_otherwise_is_not_used() -> None:
    class Wrong(isal.Isal):
        def matrix(self, rows: list[bytes]) -> isal.Matrix:  # type: ignore[override]
            return super().matrix([bytes(reversed(row)) for row in rows])

    found = isal.load()
    if found is None:
        pytest.skip("ISA-L is not here")
    assert erasure._verified_isal(found) is found
    wrong = Wrong.__new__(Wrong)
    wrong.library = found.library
    assert erasure._verified_isal(wrong) is None


def test_without_a_library_there_is_zfec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isal, "_names", lambda: iter(["libno-such-library.so", "libc.so.6"]))
    assert isal.load() is None
    assert erasure._verified_isal(None) is None


def test_blocks_that_do_not_fit_the_matrix_are_refused() -> None:
    library = isal.load()
    if library is None:
        pytest.skip("ISA-L is not here")
    matrix = library.matrix([bytes(range(1, 7))])
    for blocks, rooms in (
        ([b"abc"] * 5, [bytearray(3)]),
        ([b"abc"] * 5 + [b"ab"], [bytearray(3)]),
        ([b"abc"] * 6, [bytearray(2)]),
        ([b"abc"] * 6, []),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            matrix.times(blocks, rooms)
    with pytest.raises(ValueError, match="singular"):
        library.inverse([b"\1\1", b"\1\1"])
