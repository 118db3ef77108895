"""Write a body of more than one stripe, or of unknown length, stripe by stripe.

While one stripe is received, the one before is hashed, coded and framed in a thread, and the one before that
is being sent to the nodes. So a request takes three stripes and their parity of memory, whatever the object's
size.

When the nodes of a blob fail a stripe, the blob ends with the stripe before it, and a new blob on other nodes
continues: an object is a list of extents, so nothing written has to move.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metadata.ids import new_id
from metadata.records import Blob, Content, Extent, MissingChunk
from s3api.blobs.buffers import Budget, StripePool
from s3api.blobs.cluster import Cluster
from s3api.blobs.coding_threads import CodingThreads
from s3api.blobs.digests import Digests
from s3api.blobs.erasure import DATA_CHUNKS, STRIPE_BYTES
from s3api.blobs.placement import TooFewNodes
from s3api.blobs.stripe_writer import StripeWriter
from s3api.blobs.stripes import Chunks, StripeBuffer
from s3api.body import Body
from s3api.crypto import ContentKey

if TYPE_CHECKING:
    from metadata import Metadata

ATTEMPTS = 3


@dataclass(slots=True)
class BlobInProgress:
    """A blob that is being written, and the chunks of it that are missing.

    `start`: where in the object it begins. `length`: bytes of the object in it; `size`: bytes on the nodes,
    more where it is encrypted. `stripes` are written; `attempted` were encoded, so that some of their chunks
    may be on nodes. `intent`: its id is in the table `pending`.
    """

    id: bytes
    nodes: tuple[int, ...]
    start: int = 0
    length: int = 0
    size: int = 0
    stripes: int = 0
    attempted: int = 0
    intent: bool = False
    missing: list[MissingChunk] = field(default_factory=list)

    def blob(self, stripes_bytes: int = STRIPE_BYTES) -> Blob:
        return Blob(self.id, self.size, stripes_bytes, len(self.nodes) - DATA_CHUNKS, self.nodes)


class LargeWriter:
    """Writes large bodies.

    One for all requests of a gateway. `coding_budget` bounds the memory for the last, partial stripes.
    """

    def __init__(
        self,
        metadata: Metadata,
        cluster: Cluster,
        stripes: StripeWriter,
        *,
        pool: StripePool,
        coding_budget: Budget,
        threads: CodingThreads,
        clock_us: Callable[[], int],
    ) -> None:
        self.metadata, self.cluster, self.stripes = metadata, cluster, stripes
        self.pool, self.coding_budget, self.threads, self.clock_us = pool, coding_budget, threads, clock_us
        # Blobs that this process is writing: maintenance renews their intents, however slowly bytes arrive.
        self.intents: set[bytes] = set()

    async def write(self, body: Body, digests: Digests, key: ContentKey | None) -> Content:
        """Write a body. Raises what `Writer.write` raises; then its chunks are deleted."""
        return await _LargeWrite(self, body, digests, key).run()


class _LargeWrite:
    """One body being written: a pipeline of receiving, encoding and sending stripes."""

    def __init__(self, writer: LargeWriter, body: Body, digests: Digests, key: ContentKey | None) -> None:
        self._writer, self._body, self._digests, self._key = writer, body, digests, key
        self._finished: list[BlobInProgress] = []
        self._blob = self._new_blob(0)
        self._encoding: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None

    async def run(self) -> Content:
        try:
            await self._receive()
            self._digests.check(self._body)
        except BaseException:
            await asyncio.shield(self._abandon())
            raise
        finally:
            self._writer.intents.difference_update(b.id for b in self._blobs())
        blobs = [b for b in self._blobs() if b.size]
        if empty := [b.id for b in self._finished if b.intent and not b.size]:
            await self._writer.metadata.blobs.remove_pending(empty)
        extents = tuple(Extent(b.start, b.length, b.blob()) for b in blobs)
        missing = tuple(chunk for b in blobs for chunk in b.missing)
        return Content(sum(b.length for b in blobs), extents, frozenset(b.id for b in blobs), missing)

    def _blobs(self) -> list[BlobInProgress]:
        return [*self._finished, self._blob]

    # --- receiving -----------------------------------------------------------------------

    async def _receive(self) -> None:
        more = True
        while more:
            buffer = await self._writer.pool.acquire()
            buffer.reset(tagged=self._key is not None)
            try:
                more = await self._fill(buffer)
                if self._encoding:
                    await self._encoding
            except BaseException:
                self._writer.pool.release(buffer)
                raise
            if buffer.full:
                self._encoding = asyncio.create_task(self._encode_and_send(buffer, last=not more))
            elif buffer.filled:
                await self._encode_rest(buffer)
            else:
                self._writer.pool.release(buffer)
        await self._finish()

    async def _fill(self, buffer: StripeBuffer) -> bool:
        """Receive into the buffer. True if it is full, so that more may come."""
        while not buffer.full:
            span = buffer.free_span()
            received = await self._body.fill(span)
            ended = received < len(span)
            buffer.advance(received, ended=ended)
            if ended:
                return False
        return True

    async def _encode_rest(self, buffer: StripeBuffer) -> None:
        """Encode and send the last, partial stripe.

        Its chunks are copies, so their memory comes from a budget of its own.
        """
        copied = 2 * buffer.filled
        try:
            await self._writer.coding_budget.acquire(copied)
        except BaseException:
            self._writer.pool.release(buffer)
            raise
        try:
            self._encoding = asyncio.create_task(self._encode_and_send(buffer, last=True))
            await self._finish()
        finally:
            self._writer.coding_budget.release(copied)

    async def _finish(self) -> None:
        if self._encoding:
            await self._encoding
        if self._sending:
            await self._sending

    # --- encoding ------------------------------------------------------------------------

    async def _encode_and_send(self, buffer: StripeBuffer, *, last: bool) -> None:
        """Hash and encode one stripe, wait until the stripe before is stored, then start sending this one."""
        writer = self._writer
        handed_over = False
        try:
            target = self._blob
            chunks = await writer.threads.run(self._hash_and_encode, buffer, target, target.attempted)
            target.attempted += 1
            if self._sending:
                await self._sending
            if target is not self._blob:
                chunks = await self._encode_again(buffer)
            if not (last and self._blob.stripes == 0):
                await self._write_intent()
            self._sending = asyncio.create_task(self._send(buffer, chunks))
            handed_over = True
        finally:
            if not handed_over:
                writer.pool.release(buffer)

    def _hash_and_encode(self, buffer: StripeBuffer, target: BlobInProgress, stripe: int) -> Chunks:
        for part in buffer.plaintext():
            self._digests.update(part)
        return self._encode(buffer, target, stripe)

    def _encode(self, buffer: StripeBuffer, target: BlobInProgress, stripe: int) -> Chunks:
        if self._key:
            buffer.encrypt(self._key, target.id, stripe)
        return buffer.encode(target.id, stripe)

    async def _encode_again(self, buffer: StripeBuffer) -> Chunks:
        """Encode the stripe for the current blob, after another blob's nodes failed."""
        target = self._blob
        stripe, target.attempted = target.attempted, target.attempted + 1
        return await self._writer.threads.run(self._encode, buffer, target, stripe)

    # --- sending -------------------------------------------------------------------------

    async def _send(self, buffer: StripeBuffer, chunks: Chunks) -> None:
        """Write an encoded stripe. If its nodes fail, end the blob and go on in a new one on other nodes."""
        writer = self._writer
        late = False
        try:
            for _ in range(ATTEMPTS):
                blob = self._blob
                result = await writer.stripes.put(blob.nodes, chunks)
                late |= result.late
                if result.missing is not None:
                    blob.missing += [MissingChunk(blob.id, blob.stripes, slot) for slot in result.missing]
                    blob.stripes += 1
                    blob.size += buffer.filled
                    blob.length += buffer.length
                    return
                await writer.stripes.delete(blob.blob(), range(blob.stripes, blob.stripes + 1))
                self._finished.append(blob)
                self._blob = self._new_blob(blob.start + blob.length)
                await self._write_intent()
                chunks = await self._encode_again(buffer)
            raise TooFewNodes(writer.cluster.live_count(), len(self._blob.nodes))
        finally:
            writer.pool.release(buffer, reuse=not late)

    def _new_blob(self, start: int) -> BlobInProgress:
        return BlobInProgress(new_id(), self._writer.cluster.place(), start)

    async def _write_intent(self) -> None:
        """Commit the blob's id before its first chunk is sent, so that the orphan sweep leaves it alone."""
        if not self._blob.intent:
            self._blob.intent = True
            self._writer.intents.add(self._blob.id)
            await self._writer.metadata.blobs.add_pending([self._blob.id], self._writer.clock_us())

    async def _abandon(self) -> None:
        """Delete the chunks and intents of a write that failed."""
        tasks = [task for task in (self._encoding, self._sending) if task]
        # Not cancelled: a chunk that is being sent would arrive after its deletion.
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sending:
            await asyncio.gather(self._sending, return_exceptions=True)
        for blob in self._blobs():
            await self._writer.stripes.delete(blob.blob(), range(blob.attempted))
        if intents := [blob.id for blob in self._blobs() if blob.intent]:
            await self._writer.metadata.blobs.remove_pending(intents)
