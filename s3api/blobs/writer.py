"""Write a body to the nodes: choose the method by its size, and write small bodies here.

- Up to STAGED_BYTES the chunks may be staged (`s3api.blobs.staging`): they reach the nodes a moment later.
- Up to one stripe (6 MiB) a body is received whole and written at once. Up to LOOP_BYTES it is coded on the
  event loop, because handing it to a thread would cost as much.
- A larger body, or one of unknown length, goes stripe by stripe (`s3api.blobs.large_writes`).

Chunks come first; the caller's metadata transaction then makes them an object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from chunkd import Buffer
from metadata.ids import new_id
from metadata.records import Blob, Content, Extent, MissingChunk, Staged
from s3api.blobs.buffers import Budget, StripePool
from s3api.blobs.cluster import Cluster
from s3api.blobs.coding_threads import CodingThreads
from s3api.blobs.digests import Digests
from s3api.blobs.erasure import STRIPE_BYTES
from s3api.blobs.large_writes import ATTEMPTS, LargeWriter
from s3api.blobs.placement import TooFewNodes
from s3api.blobs.staging import STAGED_BYTES, Staging
from s3api.blobs.stripe_writer import StripeWriter
from s3api.blobs.stripes import Chunks, encode_stripe, stripe_count
from s3api.body import Body
from s3api.crypto import ContentKey, stored_size

if TYPE_CHECKING:
    from metadata import Metadata

UNBUFFERED_BYTES = 64 << 10  # received without the memory budget
LOOP_BYTES = 256 << 10  # a third of a millisecond of MD5, which releases the GIL
CODING_BYTES = 3 * STRIPE_BYTES


class Writer:
    """Writes bodies to the nodes. All requests of a gateway share one."""

    def __init__(
        self,
        metadata: Metadata,
        cluster: Cluster,
        *,
        parity: int,
        budget: Budget,
        threads: CodingThreads,
        clock_us: Callable[[], int],
        alone: bool,
    ) -> None:
        self._metadata, self._cluster, self._parity = metadata, cluster, parity
        self.budget, self._threads = budget, threads
        self._coding_budget = Budget(CODING_BYTES)
        self.stripes = StripeWriter(cluster)
        self.staging = Staging(metadata, cluster, self.stripes, alone=alone)
        self.large = LargeWriter(
            metadata,
            cluster,
            self.stripes,
            pool=StripePool(budget, parity),
            coding_budget=self._coding_budget,
            threads=threads,
            clock_us=clock_us,
        )

    def __repr__(self) -> str:
        return f"<Writer: parity {self._parity}, {self.budget!r}, {len(self.large.intents)} long writes>"

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content:
        """Store a whole body, encrypted where there is a key, and check it against `digests`.

        Raises what Body raises, S3Error for a wrong digest, TooFewNodes, NodesFull. After a failure its
        chunks are deleted; the orphan sweep deletes what a dead node or a crash left.
        """
        if body.length is not None and _stored_size(body.length, key) <= STRIPE_BYTES:
            return await self._write_small(body, digests, key)
        return await self.large.write(body, digests, key)

    async def drop(self, content: Content) -> None:
        """Delete the chunks of blobs whose transaction did not commit."""
        blobs = {
            extent.blob.id: extent.blob for extent in content.extents if extent.blob.id in content.new_blobs
        }
        for blob in blobs.values():
            await self.stripes.delete(blob, range(stripe_count(blob)))
        await self._metadata.blobs.remove_pending(list(blobs))

    async def _write_small(self, body: Body, digests: Digests, key: ContentKey | None) -> Content:
        size = body.length or 0
        if size <= UNBUFFERED_BYTES:
            nodes = self._cluster.place_small() if size else ()
            data = await body.read_all(size)
            digests.update(data)
            digests.check(body)
            return await self._put_small(data, nodes, key) if size else Content(0)
        nodes = self._cluster.place()
        async with self.budget.reserved(size):
            data = await body.read_all(size)
            # The chunks are copies of the bytes: from a budget of their own, which no slow client holds.
            async with self._coding_budget.reserved(2 * size if key else size):
                blob = self._new_blob(size, nodes, key)
                # Hashed and coded in one step, though a wrong digest makes the coding useless: each way to a
                # thread and back costs one turn of the loop and a hand-over of the GIL.
                work = partial(_hash_and_encode, digests, blob.id, data, self._parity, key)
                chunks = work() if size <= LOOP_BYTES else await self._threads.run(work)
                digests.check(body)
                return await self._put_small(data, nodes, key, (blob, chunks))

    def _new_blob(self, size: int, nodes: tuple[int, ...], key: ContentKey | None) -> Blob:
        return Blob(new_id(), _stored_size(size, key), STRIPE_BYTES, self._parity, nodes)

    async def _put_small(
        self,
        data: Buffer,
        nodes: tuple[int, ...],
        key: ContentKey | None,
        encoded: tuple[Blob, Chunks] | None = None,
    ) -> Content:
        """Stage or write one stripe, in up to ATTEMPTS sets of nodes.

        `encoded`: the blob and its chunks, if they were made already, for the first attempt.
        """
        size = len(data)
        for _ in range(ATTEMPTS):
            blob, chunks = encoded or (self._new_blob(size, nodes, key), ())
            encoded = None
            if size <= STAGED_BYTES:
                stored = _encrypt(blob.id, data, key)
                chunks = encode_stripe(blob.id, stored, self._parity)
                if self.staging.take(blob, chunks):
                    self._cluster.count_small_write(nodes, blob.size)
                    staged = Staged(blob.id, stored)
                    return _small_content(size, blob, staged=staged)
            elif size <= UNBUFFERED_BYTES:
                chunks = _encode(blob.id, data, self._parity, key)
            elif not chunks:
                chunks = await self._threads.run(_encode, blob.id, data, self._parity, key)
            result = await self.stripes.put(nodes, chunks)
            if result.missing is not None:
                return _small_content(size, blob, [MissingChunk(blob.id, 0, slot) for slot in result.missing])
            await self.stripes.delete(blob, range(1))
            nodes = self._cluster.place()
        raise TooFewNodes(self._cluster.live_count(), len(nodes))


def _small_content(
    size: int, blob: Blob, missing: Sequence[MissingChunk] = (), staged: Staged | None = None
) -> Content:
    extents = (Extent(0, size, blob),)
    return Content(size, extents, frozenset((blob.id,)), tuple(missing), staged, unannounced=True)


def _stored_size(size: int, key: ContentKey | None) -> int:
    return stored_size(size) if key else size


def _encode(blob_id: bytes, data: Buffer, parity: int, key: ContentKey | None) -> Chunks:
    """Encrypt and encode the only stripe of a blob. In a thread unless it is small."""
    return encode_stripe(blob_id, _encrypt(blob_id, data, key), parity)


def _hash_and_encode(
    digests: Digests, blob_id: bytes, data: Buffer, parity: int, key: ContentKey | None
) -> Chunks:
    digests.update(data)
    return _encode(blob_id, data, parity, key)


def _encrypt(blob_id: bytes, data: Buffer, key: ContentKey | None) -> Buffer:
    return key.blob(blob_id).encrypt(data) if key else data
