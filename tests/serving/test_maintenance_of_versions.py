"""Maintenance keeps the chunks of old versions and deletes those of expired ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest

from chunkd import Buffer
from metadata.ids import now_us
from s3api.access.caller import Caller
from s3api.access.request_context import RequestContext
from s3api.body import Body
from s3api.operations.call import Backend, Call
from s3api.operations.copies import copy_object
from s3api.operations.deletes import delete_object
from s3api.operations.objects import get_object, put_object
from s3api.serving.background import lifecycle_worker
from s3api.settings import load
from s3api.store import Store, open_store

SIZE = 60_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    nodes = tuple(f"memory://{number}" for number in range(6))
    settings = load(data=tmp_path / "data", nodes=nodes, reap_after_s=0, lifecycle_day_s=1e-6)
    async with open_store(settings) as opened:
        await opened.metadata.buckets.create("b", region="us-east-1", owner="a11ce", now_us=now_us())
        await opened.metadata.buckets.set_versioning("b", "Enabled")
        yield opened


async def call(store: Store, data: bytes | None = None) -> Call:
    pieces: list[Buffer] = [] if data is None else [data]

    async def source() -> Sequence[Buffer]:
        return [pieces.pop()] if pieces else ()

    bucket, settings = await store.buckets.find("b")
    backend = Backend(
        store.metadata, store.blobs, store.buckets, store.keys, store.data_keys, region="us-east-1"
    )
    request = RequestContext("R", "", "b", {}, {}, now_us())
    body = None if data is None else Body(source, len(data))
    return Call(backend, Caller("a11ce"), request, bucket, settings, body)


async def put(store: Store, fill: bytes) -> str:
    out = await put_object(await call(store, fill * SIZE), Bucket="b", Key="k")
    version: str = out["VersionId"]
    return version


async def whole(store: Store, version: str) -> bytes:
    out = await get_object(await call(store), Bucket="b", Key="k", VersionId=version)
    return (
        bytes(out["Body"])
        if not hasattr(out["Body"], "__aiter__")
        else b"".join([bytes(piece) async for piece in out["Body"]])
    )


async def chunks(store: Store) -> int:
    await store.blobs.cluster.refresh()
    return sum(node.chunks or 0 for node in store.blobs.cluster.status())


async def run_maintenance(store: Store) -> None:
    """Run all maintenance tasks, without a grace period."""
    maintenance = store.blobs.maintenance
    maintenance._grace_us = 0
    await maintenance.collect_garbage()
    await maintenance.repair()
    await maintenance.sweep_orphans()


async def test_maintenance_keeps_old_versions(store: Store) -> None:
    versions = {await put(store, fill): fill for fill in (b"1", b"2", b"3")}
    await copy_object(await call(store), Bucket="b", Key="copy", CopySource="b/k")
    await delete_object(await call(store), Bucket="b", Key="k")
    before = await chunks(store)
    await run_maintenance(store)
    assert await chunks(store) == before
    for version, fill in versions.items():
        assert await whole(store, version) == fill * SIZE


async def test_a_lost_chunk_of_an_old_version_is_repaired(store: Store) -> None:
    old = await put(store, b"1")
    await put(store, b"2")
    extent = (await store.metadata.objects.get("b", "k", old)).extent
    assert extent
    node = store.blobs.cluster.node(extent.blob.nodes[0])
    assert node
    names, _ = await node.scan(b"", 99)
    lost = [name for name, _ in names if name.startswith(extent.blob.id)]
    assert lost
    await node.delete_many(lost)
    assert await whole(store, old) == b"1" * SIZE  # made up from parity, and noted
    await store.blobs.maintenance._queue_repairs()
    await store.blobs.maintenance.repair()
    names, _ = await node.scan(b"", 99)
    assert set(lost) & {name for name, _ in names}


async def test_chunks_of_expired_versions_are_deleted(store: Store) -> None:
    for fill in (b"1", b"2", b"3"):
        last = await put(store, fill)
    one = await chunks(store) // 3
    rule = {"ID": "r", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    await store.metadata.buckets.put_config("b", "Lifecycle", orjson.dumps({"Rules": [rule]}).decode())
    worker = lifecycle_worker(store.settings, store.metadata, store.buckets, leading=False)
    assert dict(await worker.run_once()) == {"delete": 2}
    await run_maintenance(store)
    assert await chunks(store) == one
    assert await whole(store, last) == b"3" * SIZE
