"""The blob store over nodes that fail: the bytes written are read back."""

from __future__ import annotations

import hashlib
import itertools
import os

import pytest

from chunkd import Buffer, frame
from metadata.records import Content
from s3api.blobs import DataUnavailable, NodesFull, TooFewNodes, cluster
from s3api.blobs.erasure import STRIPE_BYTES
from s3api.body import Body, ClientGone
from s3api.errors import S3Error
from tests.blobs.cluster_of import Rig, body_of, rig

SIZES = [
    0,
    1,
    5,
    6,
    7,
    4096,
    65536,
    65537,
    1 << 20,
    STRIPE_BYTES - 1,
    STRIPE_BYTES,
    STRIPE_BYTES + 1,
    2 * STRIPE_BYTES + 12345,
]


class Md5:
    def __init__(self, refuse: bool = False) -> None:
        self.hash, self.refuse = hashlib.md5(usedforsecurity=False), refuse

    def update(self, data: Buffer) -> None:
        self.hash.update(data)

    def check(self, body: Body) -> None:
        if self.refuse:
            raise S3Error("BadDigest")


async def read(r: Rig, content: Content, start: int = 0, stop: int | None = None) -> bytes:
    stop = content.size if stop is None else stop
    return b"".join([bytes(b) async for b in await r.store.open_range(content.extents, start, stop)])


def keep(r: Rig, content: Content) -> None:
    """Do what the metadata transaction of a PUT does."""
    r.books.blobs.update({e.blob.id: e.blob for e in content.extents})
    for blob_id in content.new_blobs:
        r.books.intents.pop(blob_id, None)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "of unknown length"])
@pytest.mark.parametrize("size", SIZES)
async def test_round_trip(monkeypatch: pytest.MonkeyPatch, size: int, declared: bool) -> None:
    async with rig(monkeypatch) as r:
        data, digests = os.urandom(size), Md5()
        content = await r.store.write(body_of(data, declared=declared), digests)
        assert content.size == size
        assert digests.hash.digest() == hashlib.md5(data).digest()
        assert await read(r, content) == data
        assert not content.missing
        for start, stop in [
            (0, 1),
            (size // 2, size // 2 + 1),
            (size // 3, 2 * size // 3),
            (max(0, size - 7), size),
        ]:
            assert await read(r, content, start, min(stop, size)) == data[start:stop]


@pytest.mark.parametrize("size", [1, 4096, 300_000, STRIPE_BYTES + 100])
async def test_every_object_lies_in_six_pieces_and_two_of_parity(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async with rig(monkeypatch, count=8) as r:
        await r.store.write(body_of(os.urandom(size)), Md5())
        stripes = -(-size // STRIPE_BYTES)
        assert [len(shelf.chunks) for shelf in r.shelves.values()] == [stripes] * 8


@pytest.mark.parametrize(("count", "lost"), [(6, 1), (7, 1), (8, 2), (10, 2)])
@pytest.mark.parametrize("size", [1, 100_000, STRIPE_BYTES + 77])
async def test_reads_survive_the_loss_of_nodes(
    monkeypatch: pytest.MonkeyPatch, count: int, lost: int, size: int
) -> None:
    async with rig(monkeypatch, count=count) as r:
        data = os.urandom(size)
        content = await r.store.write(body_of(data), Md5())
        for gone in itertools.combinations(r.shelves, lost):
            for i, shelf in r.shelves.items():
                shelf.mode = "down" if i in gone else "well"
            # Once with the gateway not knowing it yet, once when it knows.
            assert await read(r, content) == data
            assert await read(r, content, size // 2, size) == data[size // 2 :]
            for shelf in r.shelves.values():
                shelf.mode = "well"
            await r.store.cluster.refresh()


async def test_more_losses_than_parity_are_an_error_before_the_first_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig(monkeypatch, count=8) as r:
        content = await r.store.write(body_of(os.urandom(100_000)), Md5())
        for i in (1, 2, 3):
            r.shelves[i].mode = "down"
        with pytest.raises(DataUnavailable):
            await r.store.open_range(content.extents, 0, content.size)


async def test_a_silent_node_is_hedged_by_parity(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, count=8) as r:
        data = os.urandom(1 << 20)
        content = await r.store.write(body_of(data), Md5())
        r.shelves[content.extents[0].blob.nodes[2]].mode = "silent"
        assert await read(r, content) == data


@pytest.mark.parametrize("size", [5000, STRIPE_BYTES])
@pytest.mark.parametrize("slot", range(8))
async def test_a_damaged_chunk_is_rebuilt_and_repaired(
    monkeypatch: pytest.MonkeyPatch, size: int, slot: int
) -> None:
    async with rig(monkeypatch, count=8) as r:
        data = os.urandom(size)
        content = await r.store.write(body_of(data), Md5())
        keep(r, content)
        blob = content.extents[0].blob
        shelf = r.shelves[blob.nodes[slot]]
        (name,) = shelf.chunks
        good = shelf.chunks[name]
        shelf.chunks[name] = good[:-1] + bytes([good[-1] ^ 1])
        assert await read(r, content) == data
        if slot < 6:
            await r.store.maintenance._queue_repairs()
            assert await r.store.maintenance.repair() == 1
            assert shelf.chunks[name] == good
            assert not r.books.repair_queue


async def test_a_missing_chunk_is_rebuilt_and_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch) as r:
        data = os.urandom(70_000)
        content = await r.store.write(body_of(data), Md5())
        keep(r, content)
        shelf = r.shelves[content.extents[0].blob.nodes[0]]
        before = dict(shelf.chunks)
        shelf.chunks.clear()
        assert await read(r, content) == data
        await r.store.maintenance._queue_repairs()
        await r.store.maintenance.repair()
        assert frame.decode(min(before), shelf.chunks[min(before)])


async def test_eight_nodes_acknowledge_with_one_dead_and_remember_its_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig(monkeypatch, count=8) as r:
        r.shelves[3].mode = "down"
        data = os.urandom(4096)
        content = await r.store.write(body_of(data), Md5())
        (missing,) = content.missing
        assert content.extents[0].blob.nodes[missing.slot] == 3
        assert await read(r, content) == data
        again = await r.store.write(body_of(data), Md5())
        assert not again.missing, "a node that failed is left out of the next placement"


@pytest.mark.parametrize("size", [4096, 3 * STRIPE_BYTES])
async def test_six_nodes_go_on_with_five_and_four_not_with_three(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async with rig(monkeypatch) as r:
        data = os.urandom(size)
        for dying in (1, 2):
            r.shelves[dying].mode = "down"
            content = await r.store.write(body_of(data), Md5())
            assert not content.missing
            assert await read(r, content) == data
        r.shelves[3].mode = "down"
        before = r.all_chunks()
        with pytest.raises(TooFewNodes):
            await r.store.write(body_of(data), Md5())
        assert set(r.all_chunks()) <= set(before)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_a_node_that_dies_within_a_large_write_ends_the_blob_and_a_new_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    async with rig(monkeypatch) as r:
        data = os.urandom(4 * STRIPE_BYTES + 1000)
        r.shelves[5].fail_puts_after = after
        content = await r.store.write(body_of(data), Md5())
        assert await read(r, content) == data
        assert [e.start for e in content.extents] == list(
            itertools.accumulate([0, *(e.length for e in content.extents)])
        )[:-1]
        assert len(content.extents) == (2 if after else 1)
        keep(r, content)
        assert not r.books.intents
        r.shelves[5].mode = "well"
        await r.store.cluster.refresh()
        await r.store.maintenance.sweep_orphans()
        assert await read(r, content) == data


async def test_full_nodes_are_refused_only_when_no_other_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch) as r:
        r.shelves[1].mode = "full"
        data = os.urandom(4096)
        assert await read(r, await r.store.write(body_of(data), Md5())) == data
        for shelf in r.shelves.values():
            shelf.mode = "full"
        with pytest.raises((NodesFull, TooFewNodes)):
            await r.store.write(body_of(data), Md5())
        with pytest.raises(NodesFull):
            await r.store.write(body_of(data), Md5())
        assert await read(r, await _written_before(r, data)) == data


async def test_a_full_node_is_tried_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have been given room without a change of its usage."""
    monkeypatch.setattr(cluster, "FULL_FOR_S", 0.0)
    async with rig(monkeypatch) as r:
        data = os.urandom(4096)
        for shelf in r.shelves.values():
            shelf.mode = "full"
        for _ in range(3):
            with pytest.raises((NodesFull, TooFewNodes)):
                await r.store.write(body_of(data), Md5())
            await r.store.cluster.refresh()
        for shelf in r.shelves.values():
            shelf.mode = "well"
        assert await read(r, await r.store.write(body_of(data), Md5())) == data
    assert caplog.text.count("is full") == len(r.shelves)  # told once, though met three times


async def _written_before(r: Rig, data: bytes) -> Content:
    for shelf in r.shelves.values():
        shelf.mode = "well"
    for member in r.store.cluster._members.values():
        member.full_at_bytes = None
    content = await r.store.write(body_of(data), Md5())
    for shelf in r.shelves.values():
        shelf.mode = "full"
    return content


@pytest.mark.parametrize("size", [4096, 200_000, 2 * STRIPE_BYTES + 5])
@pytest.mark.parametrize("how", ["client gone", "bad digest"])
async def test_a_write_that_fails_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, size: int, how: str
) -> None:
    async with rig(monkeypatch) as r:
        data = os.urandom(size)
        if how == "client gone":
            with pytest.raises(ClientGone):
                await r.store.write(body_of(data, fail=ClientGone()), Md5())
        else:
            with pytest.raises(S3Error, match="BadDigest"):
                await r.store.write(body_of(data), Md5(refuse=True))
        assert r.all_chunks() == []
        assert r.books.intents == {}
        assert r.store._writer.budget.free_bytes == r.store._writer.budget.total_bytes


async def test_long_writes_say_so_before_they_write(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch) as r:
        content = await r.store.write(body_of(os.urandom(STRIPE_BYTES + 1)), Md5())
        assert r.books.intents_seen == content.new_blobs


async def test_the_sweep_deletes_what_no_row_knows_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, sweep_grace_s=0.0) as r:
        kept = await r.store.write(body_of(b"kept" * 1000), Md5())
        keep(r, kept)
        long = await r.store.write(body_of(os.urandom(STRIPE_BYTES + 1)), Md5())
        lost = await r.store.write(body_of(b"lost" * 1000), Md5())
        for blob_id in long.new_blobs:
            r.books.intents[blob_id] = 1 << 62  # touched lately
        assert await r.store.maintenance.sweep_orphans() == 8
        assert await read(r, kept) == b"kept" * 1000
        assert len(await read(r, long)) == STRIPE_BYTES + 1
        with pytest.raises(DataUnavailable):
            await read(r, lost)


async def test_garbage_waits_for_a_node_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, reap_after_s=0.0) as r:
        content = await r.store.write(body_of(os.urandom(4096)), Md5())
        r.books.trash.update({e.blob.id: e.blob for e in content.extents})
        r.shelves[2].mode = "down"
        await r.store.cluster.refresh()
        assert await r.store.maintenance.collect_garbage() == 0
        assert r.books.trash
        r.shelves[2].mode = "well"
        await r.store.cluster.refresh()
        assert await r.store.maintenance.collect_garbage() == 1
        assert r.all_chunks() == []


async def test_a_blob_being_read_is_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, reap_after_s=0.0) as r:
        data = os.urandom(3 * STRIPE_BYTES)
        content = await r.store.write(body_of(data), Md5())
        stream = await r.store.open_range(content.extents, 0, content.size)
        got = bytes(await anext(stream))
        r.books.trash.update({e.blob.id: e.blob for e in content.extents})
        assert await r.store.maintenance.collect_garbage() == 0
        async for buffer in stream:
            got += bytes(buffer)
        assert got == data
        assert await r.store.maintenance.collect_garbage() == 1
