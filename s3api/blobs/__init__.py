"""Store and read the bytes of objects: stripes, erasure coding, placement, repair. `BlobStore` is the entry.

The package knows storage nodes and the metadata's rows for blobs. It knows no buckets, object keys or HTTP.

When is a PUT safe? A 200 is sent after `BlobStore.write` and the metadata commit that refers to its blobs:

    object size  nodes                          synced to disk before the commit       synced by the commit
    0            any                            nothing                                the rows
    to 8 KiB     one LMDB environment, SQLite   nothing: `Staging.take` keeps the      the rows and the bytes
                                                chunks in memory (`Content.staged`)    (table `staged`)
    to 6 MiB     one LMDB environment           all 8 chunks, one LMDB transaction:    the rows
                                                `Environment.write_all`
    to 6 MiB     any other                      7 of 8 chunks, 8 with fewer than 8     the rows, and a repair
                                                nodes: `Writer.put_stripe`             row per missing chunk
    larger, or   as the two rows above, stripe by stripe; `_Stream._intend` first commits the blob's id, so
    no length    that the orphan sweep leaves its chunks alone

The commit is one fsync of SQLite's WAL (`synchronous = FULL`) or PostgreSQL's COMMIT; `put_object` of
`metadata.store` resolves after it. Parity 0 needs all 6 chunks. docs/durability.md has what a crash leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chunkd import Buffer
from chunkd.address import tls_for
from metadata.records import Content, Extent
from s3api.blobs.buffers import Budget
from s3api.blobs.cache import BlobCache
from s3api.blobs.cluster import Cluster, NodesFull, NodeStatus
from s3api.blobs.digests import Digests
from s3api.blobs.encrypted_reads import decrypted, opened, runs_of, stored_extents
from s3api.blobs.erasure import vectorised
from s3api.blobs.maintenance import Upkeep
from s3api.blobs.placement import TooFewNodes
from s3api.blobs.reader import DataUnavailable, Reader
from s3api.blobs.shared_cache import SharedCache
from s3api.blobs.writer import Writer
from s3api.body import Body
from s3api.crypto import ContentKey

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.blobs")

__all__ = ["BlobSettings", "BlobStore", "DataUnavailable", "NodeStatus", "NodesFull", "TooFewNodes"]


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """How blobs are kept.

    `base`: what relative node addresses are relative to.
    """

    base: Path
    parity: int = 2
    node_token: str | None = None
    node_ca: Path | None = None
    node_timeout_s: float = 5.0
    exclusive: bool = False
    refresh_s: float = 2.0
    buffer_bytes: int = 72 << 20
    cache_bytes: int = 0
    cache: str | None = field(default=None, repr=False)
    cache_ttl_s: int = 3600
    hedge: bool = True
    reap_after_s: float = 300.0
    sweep_grace_s: float = 3600.0
    sweep_every_s: float = 3600.0


class BlobStore:
    """All that a gateway does with bytes on nodes.

    Made by `open`.
    """

    def __init__(self, metadata: Metadata, settings: BlobSettings, holder: str) -> None:
        self.cluster = Cluster(
            metadata,
            base=settings.base,
            token=settings.node_token,
            timeout_s=settings.node_timeout_s,
            exclusive=settings.exclusive,
            refresh_s=settings.refresh_s,
            parity=settings.parity,
            ca=settings.node_ca,
        )
        self._executor = ThreadPoolExecutor((os.cpu_count() or 2) + 2, thread_name_prefix="stripes")
        self._writer = Writer(
            metadata,
            self.cluster,
            parity=settings.parity,
            budget=Budget(settings.buffer_bytes),
            executor=self._executor,
            clock_us=now_us,
            alone=settings.exclusive,
        )
        self.upkeep = Upkeep(
            metadata,
            self.cluster,
            holder=holder,
            clock_us=now_us,
            intents=self._writer.under_way,
            reap_after_s=settings.reap_after_s,
            sweep_grace_s=settings.sweep_grace_s,
            sweep_every_s=settings.sweep_every_s,
        )
        self._shared: SharedCache | None = None
        if settings.cache:
            tls = tls_for(settings.cache, settings.node_ca)
            self._shared = SharedCache(settings.cache, ttl_s=settings.cache_ttl_s, tls=tls)
        self._reader = Reader(
            self.cluster,
            self.upkeep.damaged,
            hedge=settings.hedge,
            cache_bytes=settings.cache_bytes,
            shared=self._shared,
            most_held_bytes=settings.buffer_bytes,
            elsewhere=None if settings.exclusive else self._writer.staging.elsewhere,
        )

    @classmethod
    async def open(cls, metadata: Metadata, settings: BlobSettings, *, holder: str) -> BlobStore:
        """Open every registered node and start the upkeep.

        `holder` names this gateway in lease rows.
        """
        store = cls(metadata, settings, holder)
        if settings.parity and not vectorised():
            log.info("parity is computed byte by byte: with ISA-L (libisal2) large objects are stored faster")
        await store.cluster.start()
        await store._writer.staging.start()
        store.upkeep.start()
        return store

    async def close(self) -> None:
        await self.upkeep.close()
        await self._writer.staging.close()
        await self.cluster.close()
        if self._shared is not None:
            await self._shared.close()
        await asyncio.to_thread(self._executor.shutdown)

    def caches(self) -> dict[str, BlobCache | SharedCache]:
        """What keeps blobs that were read, by name."""
        memory = {"memory": self._reader.cache}
        return {**memory, "shared": self._shared} if self._shared else {**memory}

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content:
        """Store a body's bytes on the nodes, encrypted where there is a key; a metadata transaction must then
        make them exist, or `drop` them.

        Raises S3Error (of the body, or of the digests), ClientGone, TooFewNodes, NodesFull; then nothing of
        it stays.
        """
        return await self._writer.write(body, digests, key)

    async def drop(self, content: Content) -> None:
        """Delete what `write` stored and no transaction refers to."""
        await self._writer.drop(content)

    async def open_range(
        self, extents: Sequence[Extent], start: int, stop: int, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        """Bytes [start, stop) of what `extents` make up; `key`: the one that they are encrypted with.

        The first ones are in hand when this returns. Raises DataUnavailable, then or while iterating.
        """
        if key is None:
            stream = await self._reader.open(extents, start, stop)
        else:
            runs = runs_of(extents, start, stop)
            stored = stored_extents(runs)
            end = stored[-1].start + stored[-1].length if stored else 0
            raw = await self._reader.open(stored, 0, end)
            stream = decrypted(raw, runs, key, self._writer.in_thread)
        blobs = {extent.blob.id for extent in extents}
        return self._held(stream, blobs)

    async def read_small(
        self, extent: Extent, start: int, stop: int, key: ContentKey | None = None
    ) -> Buffer:
        """The same at once, where that is little: no generator, no bookkeeping of downloads.

        Raises DataUnavailable.
        """
        if key is None:
            return await self._reader.small(extent, start, stop)
        (run,) = runs_of((extent,), start, stop)
        length = run.stop - run.at
        return opened(run, await self._reader.small(Extent(0, length, run.blob, run.at), 0, length), key)

    async def read(
        self, extents: Sequence[Extent], start: int = 0, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        """All the bytes of `extents`, from `start` on."""
        stop = max((extent.start + extent.length for extent in extents), default=0)
        async for buffer in await self.open_range(extents, start, stop, key):
            yield buffer

    async def _held(self, stream: AsyncGenerator[Buffer, None], blobs: set[bytes]) -> AsyncIterator[Buffer]:
        """Keep the reaper off these blobs while they are being sent."""
        self.upkeep.reading.update(blobs)
        try:
            async with aclosing(stream):
                async for buffer in stream:
                    yield buffer
        finally:
            self.upkeep.reading.subtract(blobs)
            for blob in blobs:
                if not self.upkeep.reading[blob]:
                    del self.upkeep.reading[blob]


def now_us() -> int:
    return time.time_ns() // 1000
