"""`BlobStore`: the entry of the package. It puts writer, readers, caches and maintenance together."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from chunkd import Buffer
from chunkd.address import tls_for
from metadata.ids import now_us
from metadata.records import Content, Extent
from s3api.blobs.buffers import Budget
from s3api.blobs.cache import BlobCache
from s3api.blobs.cluster import Cluster
from s3api.blobs.coding_threads import CodingThreads
from s3api.blobs.digests import Digests
from s3api.blobs.encrypted_reads import decrypt_run, decrypt_stream, segment_runs, stored_extents
from s3api.blobs.erasure import uses_isal
from s3api.blobs.maintenance import Maintenance
from s3api.blobs.reader import Reader
from s3api.blobs.shared_cache import SharedCache
from s3api.blobs.stripe_reader import StripeReader
from s3api.blobs.writer import Writer
from s3api.body import Body
from s3api.crypto import ContentKey
from s3api.settings import BlobSettings, NodeSettings

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.blobs")


class BlobStore:
    """The bytes of a gateway's objects, on its nodes. Create with `open`."""

    def __init__(
        self,
        metadata: Metadata,
        settings: BlobSettings,
        nodes: NodeSettings,
        *,
        base: Path,
        exclusive: bool,
        holder: str,
    ) -> None:
        self.cluster = Cluster(metadata, nodes, base=base, exclusive=exclusive, parity=settings.parity)
        self._threads = CodingThreads()
        self._writer = Writer(
            metadata,
            self.cluster,
            parity=settings.parity,
            budget=Budget(settings.buffer_bytes),
            threads=self._threads,
            clock_us=now_us,
            alone=exclusive,
        )
        self.maintenance = Maintenance(
            metadata,
            self.cluster,
            holder=holder,
            clock_us=now_us,
            intents=self._writer.large.intents,
            reap_after_s=settings.reap_after_s,
            sweep_grace_s=settings.sweep_grace_s,
            sweep_every_s=settings.sweep_every_s,
        )
        self._shared: SharedCache | None = None
        if settings.cache:
            url = settings.cache.get_secret_value()
            tls = tls_for(url, nodes.ca)
            self._shared = SharedCache(url, ttl_s=settings.cache_ttl_s, tls=tls)
        stripes = StripeReader(
            self.cluster,
            self.maintenance.report_damage,
            hedge=settings.hedge,
            read_staged=None if exclusive else self._writer.staging.read_from_metadata,
        )
        self._reader = Reader(
            self.cluster,
            stripes,
            cache_bytes=settings.cache_bytes,
            shared=self._shared,
            memory_limit_bytes=settings.buffer_bytes,
        )

    def __repr__(self) -> str:
        return f"<BlobStore {self.cluster!r}>"

    @classmethod
    async def open(
        cls,
        metadata: Metadata,
        settings: BlobSettings,
        nodes: NodeSettings,
        *,
        base: Path,
        exclusive: bool,
        holder: str,
    ) -> BlobStore:
        """Open every registered node, and start maintenance.

        `base`: the directory of relative node addresses. `exclusive`: whether this process has the embedded
        nodes to itself. `holder` names this gateway in lease rows.
        """
        store = cls(metadata, settings, nodes, base=base, exclusive=exclusive, holder=holder)
        if settings.parity and not uses_isal():
            log.info("parity is computed without ISA-L: install libisal2 to store large objects faster")
        await store.cluster.start()
        await store._writer.staging.start()
        store.maintenance.start()
        return store

    async def close(self) -> None:
        await self.maintenance.close()
        await self._writer.staging.close()
        await self.cluster.close()
        if self._shared is not None:
            await self._shared.close()
        await self._threads.close()

    def caches(self) -> dict[str, BlobCache | SharedCache]:
        """The caches of blobs, by name."""
        memory = {"memory": self._reader.cache}
        return {**memory, "shared": self._shared} if self._shared else {**memory}

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content:
        """Store a body's bytes on the nodes, encrypted if there is a key.

        A metadata transaction must then refer to the content; otherwise call `drop`. Raises S3Error (of the
        body or of the digests), ClientGone, TooFewNodes, NodesFull; then the chunks are deleted.
        """
        return await self._writer.write(body, digests, key)

    async def drop(self, content: Content) -> None:
        """Delete the chunks of content that no transaction refers to."""
        await self._writer.drop(content)

    async def open_range(
        self, extents: Sequence[Extent], start: int, stop: int, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        """Stream bytes [start, stop) of the object that `extents` make up, decrypted with `key`.

        The first bytes are fetched when this returns. Raises DataUnavailable, then or while iterating.
        """
        if key is None:
            stream = await self._reader.open(extents, start, stop)
        else:
            runs = segment_runs(extents, start, stop)
            stored = stored_extents(runs)
            end = stored[-1].start + stored[-1].length if stored else 0
            raw = await self._reader.open(stored, 0, end)
            stream = decrypt_stream(raw, runs, key, self._threads.run)
        blobs = {extent.blob.id for extent in extents}
        return self._keep_from_collection(stream, blobs)

    async def read_small(
        self, extent: Extent, start: int, stop: int, key: ContentKey | None = None
    ) -> Buffer:
        """Read bytes [start, stop) of one extent into one buffer, for small ranges.

        Needs no generator and no bookkeeping of downloads. Raises DataUnavailable.
        """
        if key is None:
            return await self._reader.read_small(extent, start, stop)
        (run,) = segment_runs((extent,), start, stop)
        length = run.stop - run.at
        return decrypt_run(
            run, await self._reader.read_small(Extent(0, length, run.blob, run.at), 0, length), key
        )

    async def read(
        self, extents: Sequence[Extent], start: int = 0, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        """Stream all bytes of `extents`, from `start` on."""
        stop = max((extent.start + extent.length for extent in extents), default=0)
        async for buffer in await self.open_range(extents, start, stop, key):
            yield buffer

    async def _keep_from_collection(
        self, stream: AsyncGenerator[Buffer, None], blobs: set[bytes]
    ) -> AsyncIterator[Buffer]:
        """Keep these blobs from garbage collection while they are being sent."""
        self.maintenance.being_read.update(blobs)
        try:
            async with aclosing(stream):
                async for buffer in stream:
                    yield buffer
        finally:
            self.maintenance.being_read.subtract(blobs)
            for blob in blobs:
                if not self.maintenance.being_read[blob]:
                    del self.maintenance.being_read[blob]
