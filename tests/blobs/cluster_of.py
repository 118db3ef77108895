"""A blob store over memory nodes that fail on command, with its metadata in dicts."""

from __future__ import annotations

import asyncio
import itertools
from asyncio import Future
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chunkd import Buffer, ChunkMissing, Node, NodeDown, NodeFull, Usage
from metadata.records import Blob, Garbage, MissingChunk, NodeRow, Repair
from s3api.blobs import BlobStore, cluster
from s3api.body import Body
from s3api.settings import BlobSettings, NodeSettings


class FakeNode(Node):
    """A node in memory. `mode`: "well", "down", "full", "silent" (never answers), "lossy" (puts vanish)."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.mode = "well"
        self.chunks: dict[bytes, bytes] = {}
        self.fail_puts_after: int | None = None

    def _future(self, work: Any) -> Future[Any]:
        future: Future[Any] = asyncio.get_running_loop().create_future()
        if self.mode == "silent":
            return future
        if self.mode == "down":
            future.set_exception(NodeDown(self.address, "switched off"))
        else:
            try:
                future.set_result(work())
            except (ChunkMissing, NodeFull, NodeDown) as why:
                future.set_exception(why)
        return future

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        def work() -> None:
            if self.mode == "full":
                raise NodeFull(self.address)
            if self.fail_puts_after is not None:
                if self.fail_puts_after == 0:
                    self.mode = "down"
                    raise NodeDown(self.address, "died during a write")
                self.fail_puts_after -= 1
            if self.mode != "lossy":
                self.chunks.update((name, bytes(data)) for name, data in chunks)

        return self._future(work)

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        return self.get_range(chunk_id, 0, 1 << 40)

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        def work() -> bytes:
            if chunk_id not in self.chunks:
                raise ChunkMissing(self.address, chunk_id.hex())
            return self.chunks[chunk_id][start:stop]

        return self._future(work)

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        return self._future(lambda: [self.chunks.pop(name, None) for name in chunk_ids] and None)

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        names = sorted(name for name in self.chunks if name > cursor)[:limit]
        return [(name, len(self.chunks[name])) for name in names], names[-1] if len(names) == limit else b""

    async def usage(self) -> Usage:
        await self.ping()
        return Usage(sum(map(len, self.chunks.values())), 1 << 30, len(self.chunks))

    async def ping(self) -> None:
        if self.mode in ("down", "silent"):
            raise NodeDown(self.address, self.mode)

    async def close(self) -> None:
        pass


class FakeMetadata:
    """The part of the metadata store that blobs need."""

    def __init__(self, count: int) -> None:
        self.rows = [NodeRow(i, f"shelf://{i}", "active", None, 0) for i in range(1, count + 1)]
        self.intents: dict[bytes, int] = {}
        self.blobs: dict[bytes, Blob] = {}
        self.trash: dict[bytes, Blob] = {}
        self.repair_queue: dict[MissingChunk, int] = {}
        self.intents_seen: set[bytes] = set()

    async def nodes(self) -> list[NodeRow]:
        return list(self.rows)

    async def add_pending(self, ids: Sequence[bytes], now_us: int) -> None:
        self.intents.update(dict.fromkeys(ids, now_us))
        self.intents_seen.update(ids)

    async def remove_pending(self, ids: Sequence[bytes]) -> None:
        for blob_id in ids:
            self.intents.pop(blob_id, None)

    async def sweep_annotations(self, limit: int) -> int:
        return 0

    async def stale_pending(self, before_us: int, limit: int) -> list[bytes]:
        return [blob_id for blob_id, touched in self.intents.items() if touched < before_us][:limit]

    async def known_blobs(self, ids: Sequence[bytes]) -> set[bytes]:
        return {i for i in ids if i in self.blobs or i in self.trash or i in self.intents}

    async def garbage(self, before_us: int, limit: int) -> list[Garbage]:
        return [Garbage(blob, 0, 0) for blob in itertools.islice(self.trash.values(), limit)]

    async def garbage_done(self, ids: Sequence[bytes]) -> None:
        for blob_id in ids:
            del self.trash[blob_id]

    async def garbage_retry(self, ids: Sequence[bytes], until_us: int) -> None:
        pass

    async def add_repairs(self, chunks: Sequence[MissingChunk]) -> None:
        self.repair_queue.update(dict.fromkeys(chunks, 0))

    async def repairs(self, limit: int) -> list[Repair]:
        return [Repair(m, self.blobs[m.blob_id], 0) for m in itertools.islice(self.repair_queue, limit)]

    async def repair_done(self, chunks: Sequence[MissingChunk]) -> None:
        for chunk in chunks:
            del self.repair_queue[chunk]

    async def repair_retry(self, chunks: Sequence[MissingChunk], until_us: int) -> None:
        pass

    async def take_lease(self, name: str, *, holder: str, ttl_us: int, now_us: int) -> bool:
        return False  # tests run the maintenance jobs themselves

    def metadata(self) -> Any:
        """Build what stands in for `Metadata`."""
        return SimpleNamespace(
            annotations=SimpleNamespace(sweep=self.sweep_annotations),
            blobs=SimpleNamespace(
                add_pending=self.add_pending,
                touch_pending=self.add_pending,
                remove_pending=self.remove_pending,
                stale_pending=self.stale_pending,
                known=self.known_blobs,
            ),
            garbage=SimpleNamespace(due=self.garbage, remove=self.garbage_done, retry=self.garbage_retry),
            leases=SimpleNamespace(take=self.take_lease),
            nodes=SimpleNamespace(list=self.nodes),
            repairs=SimpleNamespace(
                add=self.add_repairs, due=self.repairs, remove=self.repair_done, retry=self.repair_retry
            ),
            staging=SimpleNamespace(supported=False),
        )


class Rig:
    """A blob store, its nodes (by id) and its metadata."""

    def __init__(self, store: BlobStore, shelves: dict[int, FakeNode], books: FakeMetadata) -> None:
        self.store, self.shelves, self.books = store, shelves, books

    def all_chunks(self) -> list[bytes]:
        return [name for shelf in self.shelves.values() for name in shelf.chunks]


@asynccontextmanager
async def rig(
    monkeypatch: pytest.MonkeyPatch, count: int = 6, parity: int = 2, **settings: Any
) -> AsyncIterator[Rig]:
    shelves = {i: FakeNode(f"shelf://{i}") for i in range(1, count + 1)}

    async def open_node(address: str, **_: Any) -> FakeNode:
        return shelves[int(address.rpartition("/")[2])]

    monkeypatch.setattr(cluster, "open_node", open_node)
    books = FakeMetadata(count)
    # A copy is not validated: tests use values that are too small for a gateway.
    blobs = BlobSettings.defaults().model_copy(update={"parity": parity, "cache_bytes": 0, **settings})
    nodes = NodeSettings(refresh_s=3600)
    store = await BlobStore.open(books.metadata(), blobs, nodes, base=Path(), exclusive=False, holder="test")
    try:
        yield Rig(store, shelves, books)
    finally:
        await store.close()


def body_of(
    data: bytes, *, declared: bool = True, piece: int = 65536, fail: BaseException | None = None
) -> Body:
    """A body that arrives in pieces, and raises `fail` at its end."""
    view = memoryview(data)
    pieces = [view[at : at + piece] for at in range(0, len(data), piece)]

    async def source() -> Sequence[Buffer]:
        if pieces:
            return [pieces.pop(0)]
        if fail:
            raise fail
        return []

    return Body(source, len(data) if declared and not fail else None)
