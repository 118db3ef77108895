"""Compare the chunks on the nodes of a stopped gateway with those that its metadata refer to."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from metadata import open_metadata
from metadata.records import Blob
from metadata.rows import unpack_nodes
from s3api.blobs import BlobStore
from s3api.blobs.stripes import chunks_by_node, stripe_count
from s3api.settings import BlobSettings, NodeSettings

Chunks = set[tuple[int, bytes]]
"""(node id, chunk id)."""


@asynccontextmanager
async def tidied(data: Path, *, parity: int = 2) -> AsyncIterator[BlobStore]:
    """Open the blobs of a stopped gateway, and run all maintenance jobs once, without grace times."""
    metadata = await open_metadata(f"sqlite:///{data / 'metadata.sqlite3'}", instance="tidy")
    no_grace = {"parity": parity, "reap_after_s": 0.0, "sweep_grace_s": 0.0, "cache_bytes": 0}
    settings = BlobSettings.defaults().model_copy(update=no_grace)
    nodes = NodeSettings(refresh_s=60.0)
    try:
        store = await BlobStore.open(metadata, settings, nodes, base=data, exclusive=True, holder="tidy")
        try:
            await store.maintenance.close()  # run by hand, below
            await store.maintenance.collect_garbage()
            await store.maintenance.repair()
            await store.maintenance.sweep_orphans()
            yield store
        finally:
            await store.close()
    finally:
        await metadata.close()


async def lying_about(store: BlobStore) -> Chunks:
    """List every chunk on every node."""
    found: Chunks = set()
    for status in store.cluster.status():
        node = store.cluster.node(status.id)
        assert node is not None, f"node {status.id} is down: {status.reason}"
        cursor = b""
        while True:
            names, cursor = await node.scan(cursor, 1000)
            found |= {(status.id, name) for name, _ in names}
            if not cursor:
                break
    return found


def referred_to(data: Path) -> Chunks:
    """List every chunk that the metadata refer to."""
    wanted: Chunks = set()
    with sqlite3.connect(data / "metadata.sqlite3") as connection:
        rows = connection.execute("SELECT id, size, stripe_bytes, parity, nodes FROM blob").fetchall()
        assert connection.execute("SELECT count(*) FROM garbage").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM pending").fetchone() == (0,)
    connection.close()
    for id_, size, stripe_bytes, parity, nodes in rows:
        blob = Blob(id_, size, stripe_bytes, parity, unpack_nodes(nodes))
        for node_id, names in chunks_by_node(blob, range(stripe_count(blob))).items():
            wanted |= {(node_id, name) for name in names}
    return wanted


async def assert_tidy(data: Path) -> None:
    """Check that after maintenance no chunk is orphaned and none is missing."""
    async with tidied(data) as store:
        there = await lying_about(store)
    wanted = referred_to(data)
    assert not there - wanted, f"{len(there - wanted)} chunks that no object refers to"
    assert not wanted - there, f"{len(wanted - there)} chunks are missing"
