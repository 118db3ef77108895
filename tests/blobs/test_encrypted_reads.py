"""Encrypted blobs: round trips, ranges at every edge, no plaintext on nodes, tampering is detected."""

from __future__ import annotations

import hashlib
import itertools
import os
from functools import partial
from typing import Any

import pytest

from chunkd import frame
from metadata.records import Blob, Content, Extent
from s3api.blobs import DataUnavailable
from s3api.blobs.encrypted_reads import DecryptionFailed, SegmentRun, segment_runs, stored_extents
from s3api.blobs.erasure import DATA_CHUNKS, STRIPE_BYTES
from s3api.crypto import PLAIN_BYTES, SEGMENT_BYTES, ContentKey, stored_size
from tests.blobs.cluster_of import FakeNode, Rig, body_of, rig
from tests.blobs.test_store import Md5

FULL = STRIPE_BYTES // SEGMENT_BYTES * PLAIN_BYTES
SIZES = [
    0,
    1,
    4096,
    PLAIN_BYTES,
    PLAIN_BYTES + 1,
    65536,
    1 << 20,
    FULL,
    FULL + 1,
    STRIPE_BYTES,
    2 * FULL + 99,
]


async def read(
    r: Rig, content: Content, key: ContentKey | None, start: int = 0, stop: int | None = None
) -> bytes:
    stop = content.size if stop is None else stop
    return b"".join([bytes(b) async for b in await r.store.open_range(content.extents, start, stop, key)])


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "of unknown length"])
@pytest.mark.parametrize("size", SIZES)
async def test_round_trip_and_ranges(monkeypatch: pytest.MonkeyPatch, size: int, declared: bool) -> None:
    async with rig(monkeypatch) as r:
        data, digests, key = os.urandom(size), Md5(), ContentKey.new()
        content = await r.store.write(body_of(data, declared=declared), digests, key)
        assert content.size == size == sum(e.length for e in content.extents)
        assert [e.blob.size for e in content.extents] == ([stored_size(size)] if size else [])
        assert digests.hash.digest() == hashlib.md5(data).digest()
        assert await read(r, content, key) == data
        edges = {0, 1, size - 1, size, size // 2} | {
            edge + shift for edge in (PLAIN_BYTES, SEGMENT_BYTES, FULL, STRIPE_BYTES) for shift in (-1, 0, 1)
        }
        within = sorted(edge for edge in edges if 0 <= edge <= size)
        for start, stop in itertools.combinations(within, 2):
            assert await read(r, content, key, start, stop) == data[start:stop], (start, stop)
            if content.extents and stop - start <= SEGMENT_BYTES:
                small = await r.store.read_small(content.extents[0], start, stop, key)
                assert bytes(small) == data[start:stop]


async def test_no_node_holds_a_word_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    word = b"the words of the client "
    async with rig(monkeypatch) as r:
        for size in (1000, 300_000, FULL + 1000):
            data = (word * (size // len(word) + 1))[:size]
            await r.store.write(body_of(data), Md5(), ContentKey.new())
        chunks = [chunk for shelf in r.shelves.values() for chunk in shelf.chunks.values()]
        assert len(chunks) == (1 + 1 + 2) * 8
        assert not [chunk for chunk in chunks if word in chunk]


async def test_a_stripe_that_moves_to_another_blob_is_encrypted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node dies during the second stripe: the blob ends, and another continues on other nodes."""
    async with rig(monkeypatch, count=8, parity=0) as r:
        data, key = os.urandom(3 * FULL + 12345), ContentKey.new()
        puts = itertools.count()

        def put_many(shelf: FakeNode, put: Any, chunks: Any) -> Any:
            if next(puts) == DATA_CHUNKS:  # the first stripe is on its nodes
                shelf.mode = "down"
            return put(chunks)

        for shelf in r.shelves.values():
            monkeypatch.setattr(shelf, "put_many", partial(put_many, shelf, shelf.put_many))
        content = await r.store.write(body_of(data), Md5(), key)
        assert len(content.extents) > 1
        for shelf in r.shelves.values():
            shelf.mode = "well"
        await r.store.cluster.refresh()
        assert await read(r, content, key) == data
        at = content.extents[1].start
        assert await read(r, content, key, at - 10, at + 10) == data[at - 10 : at + 10]


async def test_lost_chunks_are_rebuilt_before_they_are_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, count=8) as r:
        data, key = os.urandom(FULL + 777), ContentKey.new()
        content = await r.store.write(body_of(data), Md5(), key)
        for i in (1, 2):
            r.shelves[i].mode = "down"
        assert await read(r, content, key) == data
        assert await read(r, content, key, FULL - 5, FULL + 5) == data[FULL - 5 : FULL + 5]


async def test_another_key_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch) as r:
        for size in (100, 300_000):
            content = await r.store.write(body_of(os.urandom(size)), Md5(), ContentKey.new())
            with pytest.raises(DecryptionFailed, match="does not decrypt"):
                await read(r, content, ContentKey.new())
            with pytest.raises(DataUnavailable):
                await r.store.read_small(content.extents[0], 0, 50, ContentKey.new())


async def test_what_a_node_altered_with_a_sound_checksum_does_not_decrypt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig(monkeypatch) as r:
        key = ContentKey.new()
        content = await r.store.write(body_of(os.urandom(300_000)), Md5(), key)
        for shelf in r.shelves.values():
            for name, framed in shelf.chunks.items():
                payload = bytearray(frame.decode(name, framed))
                payload[7] ^= 1
                shelf.chunks[name] = frame.encode(name, payload)
        with pytest.raises(DecryptionFailed):
            await read(r, content, key)


def test_a_range_becomes_whole_segments_of_each_extent() -> None:
    def blob(number: int, plain: int) -> Blob:
        return Blob(bytes((number,)), stored_size(plain), STRIPE_BYTES, 2, (1,) * 8)

    one, two = blob(1, 3 * PLAIN_BYTES + 10), blob(2, 500)
    extents = [Extent(0, 2 * PLAIN_BYTES, one, 100), Extent(2 * PLAIN_BYTES, 400, two, 50)]
    assert segment_runs(extents, 5, 6) == [SegmentRun(one, 0, 0, SEGMENT_BYTES, 105, 1)]
    runs = segment_runs(extents, PLAIN_BYTES, 2 * PLAIN_BYTES + 3)
    assert runs == [
        SegmentRun(one, 1, SEGMENT_BYTES, 3 * SEGMENT_BYTES, 100, PLAIN_BYTES),
        SegmentRun(two, 0, 0, two.size, 50, 3),
    ]
    assert stored_extents(runs) == [
        Extent(0, 2 * SEGMENT_BYTES, one, SEGMENT_BYTES),
        Extent(2 * SEGMENT_BYTES, two.size, two, 0),
    ]
