from __future__ import annotations

import time

import pytest

from metadata import Metadata, open_metadata
from metadata.errors import BlobGone, NodeExists, NoSuchAccessKey, NoSuchNode
from metadata.records import AccessKey, MissingChunk, NodeRow
from tests.metadata.made import NOW_US, new_object, query

FAR_US = 1 << 60


async def test_garbage_is_reaped_retried_and_done(store: Metadata) -> None:
    before_us = time.time_ns() // 1000
    for _ in range(3):
        await store.objects.put(new_object("a"))
    assert await store.garbage.due(before_us - 1, 9) == []
    found = await store.garbage.due(FAR_US, 9)
    assert [g.attempts for g in found] == [0, 0]
    assert found[0].since_us >= before_us
    first, second = (g.blob.id for g in found)
    await store.garbage.retry([first], FAR_US)
    assert [g.blob.id for g in await store.garbage.due(FAR_US, 9)] == [second]
    await store.garbage.retry([first], 1)
    assert [(g.blob.id, g.attempts) for g in await store.garbage.due(FAR_US, 9)] == [(second, 0), (first, 2)]
    assert len(await store.garbage.due(FAR_US, 1)) == 1
    await store.garbage.remove([first, second])
    assert await store.garbage.due(FAR_US, 9) == []


async def test_intents(store: Metadata) -> None:
    ids = [bytes([at]) * 16 for at in range(3)]
    await store.blobs.add_pending(ids, 10)
    await store.blobs.touch_pending(ids[:1], 20)
    assert await store.blobs.stale_pending(15, 9) == ids[1:]
    assert await store.blobs.stale_pending(25, 2) == ids[1:]
    await store.blobs.remove_pending(ids[1:])
    assert await store.blobs.known(ids) == {ids[0]}


async def test_known_are_blobs_garbage_and_intents(store: Metadata) -> None:
    old, new = new_object("a"), new_object("a")
    await store.objects.put(old)
    await store.objects.put(new)
    ids = [*old.content.new_blobs, *new.content.new_blobs]
    assert await store.blobs.known([*ids, b"x" * 16]) == set(ids)
    assert await store.blobs.known([]) == set()


async def test_repairs(store: Metadata) -> None:
    new = new_object("a")
    blob = new.content.extents[0].blob
    await store.objects.put(new)
    chunks = [MissingChunk(blob.id, 0, slot) for slot in range(3)]
    await store.repairs.add([*chunks, chunks[0], MissingChunk(b"x" * 16, 0, 0)])
    assert {(r.missing, r.blob, r.attempts) for r in await store.repairs.due(9)} == {
        (each, blob, 0) for each in chunks
    }
    await store.repairs.remove(chunks[:1])
    await store.repairs.retry(chunks[1:2], FAR_US)
    assert [r.missing for r in await store.repairs.due(9)] == chunks[2:]
    await store.blobs.move_slot(blob.id, 7, 99)
    assert (await store.repairs.due(9))[0].blob.nodes == (*blob.nodes[:7], 99)
    await store.objects.delete("photos", "a")
    assert await store.repairs.due(9) == []
    with pytest.raises(BlobGone):
        await store.blobs.move_slot(blob.id, 0, 1)
    await store.garbage.remove([blob.id])


async def test_nodes(store: Metadata, url: str) -> None:
    one = await store.nodes.add("memory://1", None, NOW_US)
    assert one == NodeRow(one.id, "memory://1", "active", None, NOW_US)
    with pytest.raises(NodeExists):
        await store.nodes.add("memory://1", 5, NOW_US)
    query(url, "INSERT INTO node (address) VALUES ('memory://2')")
    assert [(n.address, n.state, n.capacity_bytes) for n in await store.nodes.list()] == [
        ("memory://1", "active", None), ("memory://2", "active", None)]  # fmt: skip
    assert (await store.nodes.update(one.id, state="draining", capacity_bytes=7)).state == "draining"
    assert (await store.nodes.update(one.id, state="active")).capacity_bytes == 7
    assert (await store.nodes.update(one.id, capacity_bytes=None)).capacity_bytes is None
    with pytest.raises(NoSuchNode):
        await store.nodes.update(999, state="active")


async def test_access_keys(store: Metadata) -> None:
    key = AccessKey("AK1", "very secret", "alice", "active", NOW_US)
    await store.access_keys.put(key)
    assert await store.access_keys.get("AK1") == key
    assert "very secret" not in repr(await store.access_keys.list())
    await store.access_keys.revoke("AK1")
    assert (await store.access_keys.get("AK1")).state == "revoked"
    for attempt in (store.access_keys.get("none"), store.access_keys.revoke("none")):
        with pytest.raises(NoSuchAccessKey):
            await attempt


async def test_a_lease_has_one_holder(store: Metadata, url: str) -> None:
    other = await open_metadata(url, instance="other")
    assert await store.leases.take("upkeep", holder="a", ttl_us=10, now_us=100)
    assert not await other.leases.take("upkeep", holder="b", ttl_us=10, now_us=105)
    assert await store.leases.take("upkeep", holder="a", ttl_us=10, now_us=108)
    assert not await other.leases.take("upkeep", holder="b", ttl_us=10, now_us=117)
    assert await other.leases.take("upkeep", holder="b", ttl_us=10, now_us=118)
    assert await other.leases.take("other", holder="b", ttl_us=10, now_us=118)
    await other.close()
