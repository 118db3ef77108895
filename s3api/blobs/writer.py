"""A body becomes blobs: cut, coded, sealed and put on the nodes, stripe by stripe.

A small body is one stripe, put at once, and coded where it is: a hand-over would cost as much. A very small
one may go to the nodes a moment later (`s3api.blobs.staging`). A larger one flows: while one stripe is
received, the one before is hashed, coded and sealed in a thread, and the one before that is on its way to the
nodes; memory per request is three stripes and their parity, whatever the object's size.

A stripe is written when at least seven of its eight chunks are durable (k+1; with parity 0 all) *and* six
would be left whichever one node were lost next. Where a stripe does not get there, the blob ends with the
stripe before it, and a new blob on other nodes goes on: an object is a list of extents, so nothing that is
written has to move. Chunks come first; the caller's metadata transaction then makes them an object.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from chunkd import Buffer, Node, NodeDown, NodeError, NodeGroup
from metadata.records import Blob, Content, Extent, MissingChunk, Staged
from s3api.blobs.buffers import Budget, StripePool
from s3api.blobs.cluster import Cluster
from s3api.blobs.digests import Digests
from s3api.blobs.erasure import DATA_CHUNKS, STRIPE_BYTES
from s3api.blobs.fanout import failure, settle
from s3api.blobs.placement import TooFewNodes, survives_any_node
from s3api.blobs.staging import STAGED_BYTES, Staging
from s3api.blobs.stripes import (
    ALL_STORED,
    Chunks,
    StripeBuffer,
    StripeResult,
    chunks_by_node,
    new_id,
    seal_small,
    stripe_count,
)
from s3api.body import Body
from s3api.crypto import ContentKey, stored_size

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.blobs")
ATTEMPTS = 3
INLINE_BYTES = 64 << 10
LOOP_BYTES = 256 << 10  # a third of a millisecond of MD5, without the interpreter's lock
SEALING_BYTES = 3 * STRIPE_BYTES
STRAGGLER_GRACE_S = 0.25

T = TypeVar("T")


@dataclass(slots=True)
class Growing:
    """A blob that is being written: its stripes so far, and what of them is missing.

    `length`: of the object's bytes that are in it; `size`: what it takes on the nodes, more where it is
    encrypted.
    """

    id: bytes
    nodes: tuple[int, ...]
    start: int = 0
    length: int = 0
    size: int = 0
    stripes: int = 0
    tried: int = 0
    intent: bool = False
    missing: list[MissingChunk] = field(default_factory=list)

    def blob(self, stripes_bytes: int = STRIPE_BYTES) -> Blob:
        return Blob(self.id, self.size, stripes_bytes, len(self.nodes) - DATA_CHUNKS, self.nodes)


class Writer:
    """Writes bodies to the nodes.

    One for all requests of a gateway.
    """

    def __init__(
        self,
        metadata: Metadata,
        cluster: Cluster,
        *,
        parity: int,
        budget: Budget,
        executor: Executor,
        clock_us: Callable[[], int],
        alone: bool,
    ) -> None:
        self.metadata, self.cluster, self.parity = metadata, cluster, parity
        self.budget, self.pool, self._executor, self.clock_us = (
            budget,
            StripePool(budget, parity),
            executor,
            clock_us,
        )
        self.sealing = Budget(SEALING_BYTES)
        self.staging = Staging(metadata, cluster, self.put_stripe, alone=alone)
        # Intents of this process: the upkeep touches them, however slowly their bytes arrive.
        self.under_way: set[bytes] = set()

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content:
        """Store a whole body, encrypted where there is a key, and check it against `digests`.

        Raises what Body raises, BadDigest and its like, TooFewNodes, NodesFull. After a failure
        nothing of it stays, but what a dead node or a crash kept: that is the sweep's.
        """
        if body.length is not None and _stored(body.length, key) <= STRIPE_BYTES:
            return await self._write_small(body, digests, key)
        return await _Stream(self, body, digests, key).run()

    async def drop(self, content: Content) -> None:
        """Delete the chunks of blobs that no transaction made exist."""
        blobs = {
            extent.blob.id: extent.blob for extent in content.extents if extent.blob.id in content.new_blobs
        }
        for blob in blobs.values():
            await self.delete_stripes(blob, range(stripe_count(blob)))
        await self.metadata.forget_blobs(list(blobs))

    async def delete_stripes(self, blob: Blob, stripes: range) -> None:
        """Delete chunks that no row knows yet; what a node that fails keeps of them is the sweep's."""
        named = (
            (self.cluster.node(node_id), names) for node_id, names in chunks_by_node(blob, stripes).items()
        )
        futures = [node.delete_many(names) for node, names in named if node]
        await settle(futures)
        for future in futures:
            if why := failure(future):
                log.info("chunks of a write that failed are left to the sweep: %s", why)

    # --- one stripe ----------------------------------------------------------------------

    async def _write_small(self, body: Body, digests: Digests, key: ContentKey | None) -> Content:
        size = body.length or 0
        if size <= INLINE_BYTES:
            nodes = self.cluster.place_small() if size else ()
            data = await body.read_all(size)
            digests.update(data)
            digests.check(body)
            return await self._put_small(data, nodes, key) if size else Content(0)
        nodes = self.cluster.place()
        async with self.budget.taken(size):
            data = await body.read_all(size)
            # The chunks cut out of the bytes: from a budget of their own, which no slow client holds.
            async with self.sealing.taken(2 * size if key else size):
                blob = self._new_blob(size, nodes, key)
                # At once, though the chunks may be for nothing: each way to a thread and back costs the
                # object a turn of the loop, and the loop the interpreter's lock.
                work = partial(_hashed_and_sealed, digests, blob.id, data, self.parity, key)
                chunks = work() if size <= LOOP_BYTES else await self.in_thread(work)
                digests.check(body)
                return await self._put_small(data, nodes, key, (blob, chunks))

    def _new_blob(self, size: int, nodes: tuple[int, ...], key: ContentKey | None) -> Blob:
        return Blob(new_id(), _stored(size, key), STRIPE_BYTES, self.parity, nodes)

    async def _put_small(
        self,
        data: Buffer,
        nodes: tuple[int, ...],
        key: ContentKey | None,
        sealed: tuple[Blob, Chunks] | None = None,
    ) -> Content:
        """`sealed`: of the bytes, for these nodes."""
        size = len(data)
        for _ in range(ATTEMPTS):
            blob, chunks = sealed or (self._new_blob(size, nodes, key), ())
            sealed = None
            if size <= STAGED_BYTES:
                stored = _encrypted(blob.id, data, key)
                chunks = seal_small(blob.id, stored, self.parity)
                if self.staging.take(blob, chunks):
                    self.cluster.wrote_small(nodes, blob.size)
                    staged = Staged(blob.id, stored)
                    return _small(size, blob, staged=staged)
            elif size <= INLINE_BYTES:
                chunks = _sealed(blob.id, data, self.parity, key)
            elif not chunks:
                chunks = await self.in_thread(_sealed, blob.id, data, self.parity, key)
            put = await self.put_stripe(nodes, chunks)
            if put.missing is not None:
                return _small(size, blob, [MissingChunk(blob.id, 0, slot) for slot in put.missing])
            await self.delete_stripes(blob, range(1))
            nodes = self.cluster.place()
        raise TooFewNodes(self.cluster.live(), len(nodes))

    async def put_stripe(self, nodes: Sequence[int], chunks: Chunks) -> StripeResult:
        """Put the chunks of one stripe, slot i on nodes[i]."""
        if found := self.cluster.group_of(tuple(nodes)):
            return await self._put_group(*found, nodes, chunks)
        by_node: dict[int, list[tuple[bytes, Buffer]]] = {}
        for node_id, chunk in zip(nodes, chunks, strict=True):
            by_node.setdefault(node_id, []).append(chunk)
        futures: dict[int, asyncio.Future[None]] = {}
        for node_id, items in by_node.items():
            if node := self.cluster.node(node_id):
                futures[node_id] = node.put_many(items)

        def enough() -> bool:
            done = {n for n, f in futures.items() if f.done() and not f.cancelled() and f.exception() is None}
            return self._quorum([n for n in nodes if n in done], nodes)

        await settle(futures.values(), enough=enough, grace_s=STRAGGLER_GRACE_S)
        bad: set[int] = by_node.keys() - futures.keys()
        for node_id, future in futures.items():
            if why := failure(future):
                self._blame(node_id, why)
                bad.add(node_id)
        if not bad:
            self.cluster.wrote(nodes, chunks)
            return ALL_STORED
        late = any(not future.done() for future in futures.values())
        missing = [slot for slot, node_id in enumerate(nodes) if node_id in bad]
        return StripeResult(
            missing if self._quorum([n for n in nodes if n not in bad], nodes) else None, late
        )

    async def _put_group(
        self, group: NodeGroup[Any], clients: Sequence[Node], nodes: Sequence[int], chunks: Chunks
    ) -> StripeResult:
        """The same in one call, all or nothing, where all nodes are files of one environment."""
        try:
            await group.write_all(clients, chunks)
        except NodeError as why:
            for node_id in set(nodes):
                self.cluster.failed(node_id, why)
            return StripeResult(None, late=False)
        self.cluster.wrote(nodes, chunks)
        return ALL_STORED

    def _quorum(self, acknowledged: Sequence[int], nodes: Sequence[int]) -> bool:
        """Whether k+1 chunks are there (all of them without parity), as safe against the next lost node as
        the placement meant to be.
        """
        if len(acknowledged) < min(DATA_CHUNKS + 1, len(nodes)):
            return False
        return survives_any_node(acknowledged) or not survives_any_node(nodes)

    def _blame(self, node_id: int, why: BaseException) -> None:
        if isinstance(why, NodeError):
            self.cluster.failed(node_id, why)
        elif not isinstance(why, TimeoutError):
            log.error("node %d failed in an unforeseen way", node_id, exc_info=why)
            self.cluster.failed(node_id, NodeDown(str(node_id), repr(why)))

    async def in_thread(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)


class _Stream:
    """One body of more than a stripe, or of unknown length, on its way to the nodes."""

    def __init__(self, writer: Writer, body: Body, digests: Digests, key: ContentKey | None) -> None:
        self._writer, self._body, self._digests, self._key = writer, body, digests, key
        self._done: list[Growing] = []
        self._blob = self._new_blob(0)
        self._sealing: asyncio.Task[None] | None = None
        self._putting: asyncio.Task[None] | None = None

    async def run(self) -> Content:
        try:
            await self._receive()
            self._digests.check(self._body)
        except BaseException:
            await asyncio.shield(self._abandon())
            raise
        finally:
            self._writer.under_way.difference_update(g.id for g in (*self._done, self._blob))
        grown = [g for g in (*self._done, self._blob) if g.size]
        if empty := [g.id for g in self._done if g.intent and not g.size]:
            await self._writer.metadata.forget_blobs(empty)
        extents = tuple(Extent(g.start, g.length, g.blob()) for g in grown)
        missing = tuple(m for g in grown for m in g.missing)
        return Content(sum(g.length for g in grown), extents, frozenset(g.id for g in grown), missing)

    async def _receive(self) -> None:
        more = True
        while more:
            buffer = await self._writer.pool.take()
            buffer.begin(tagged=self._key is not None)
            try:
                more = await self._fill(buffer)
                if self._sealing:
                    await self._sealing
            except BaseException:
                self._writer.pool.give(buffer)
                raise
            if buffer.full:
                self._sealing = asyncio.create_task(self._seal(buffer, last=not more))
            elif buffer.filled:
                await self._seal_rest(buffer)
            else:
                self._writer.pool.give(buffer)
        await self._all_sealed()

    async def _seal_rest(self, buffer: StripeBuffer) -> None:
        """The end of a body is coded into memory of its own: not that of many bodies at once."""
        copied = 2 * buffer.filled
        try:
            await self._writer.sealing.take(copied)
        except BaseException:
            self._writer.pool.give(buffer)
            raise
        try:
            self._sealing = asyncio.create_task(self._seal(buffer, last=True))
            await self._all_sealed()
        finally:
            self._writer.sealing.give(copied)

    async def _all_sealed(self) -> None:
        if self._sealing:
            await self._sealing
        if self._putting:
            await self._putting

    async def _fill(self, buffer: StripeBuffer) -> bool:
        """Receive into the buffer; whether it filled up, so that more may come."""
        while not buffer.full:
            room = buffer.room()
            got = await self._body.fill(room)
            ended = got < len(room)
            buffer.took(got, ended=ended)
            if ended:
                return False
        return True

    async def _seal(self, buffer: StripeBuffer, *, last: bool) -> None:
        """Hash, code and seal one stripe, in order; then, when the stripe before is safe, send it on its
        way."""
        writer = self._writer
        handed_over = False
        try:
            target = self._blob
            chunks = await writer.in_thread(self._work, buffer, target, target.tried)
            target.tried += 1
            if self._putting:
                await self._putting
            if target is not self._blob:
                chunks = await self._seal_again(buffer)
            if not (last and self._blob.stripes == 0):
                await self._intend()
            self._putting = asyncio.create_task(self._put(buffer, chunks))
            handed_over = True
        finally:
            if not handed_over:
                writer.pool.give(buffer)

    def _work(self, buffer: StripeBuffer, target: Growing, stripe: int) -> Chunks:
        for piece in buffer.received():
            self._digests.update(piece)
        return self._coded(buffer, target, stripe)

    def _coded(self, buffer: StripeBuffer, target: Growing, stripe: int) -> Chunks:
        if self._key:
            buffer.encrypt(self._key, target.id, stripe)
        return buffer.seal(target.id, stripe)

    async def _seal_again(self, buffer: StripeBuffer) -> Chunks:
        target = self._blob
        stripe, target.tried = target.tried, target.tried + 1
        return await self._writer.in_thread(self._coded, buffer, target, stripe)

    async def _put(self, buffer: StripeBuffer, chunks: Chunks) -> None:
        """Put a sealed stripe; where the nodes of the blob fail it, end the blob and go on in a new one on
        other nodes."""
        writer = self._writer
        late = False
        try:
            for _ in range(ATTEMPTS):
                blob = self._blob
                put = await writer.put_stripe(blob.nodes, chunks)
                late |= put.late
                if put.missing is not None:
                    blob.missing += [MissingChunk(blob.id, blob.stripes, slot) for slot in put.missing]
                    blob.stripes += 1
                    blob.size += buffer.filled
                    blob.length += buffer.length
                    return
                await writer.delete_stripes(blob.blob(), range(blob.stripes, blob.stripes + 1))
                self._done.append(blob)
                self._blob = self._new_blob(blob.start + blob.length)
                await self._intend()
                chunks = await self._seal_again(buffer)
            raise TooFewNodes(writer.cluster.live(), len(self._blob.nodes))
        finally:
            writer.pool.give(buffer, reuse=not late)

    def _new_blob(self, start: int) -> Growing:
        return Growing(new_id(), self._writer.cluster.place(), start)

    async def _intend(self) -> None:
        """Say what is being written before it is, so that the sweep keeps off."""
        if not self._blob.intent:
            self._blob.intent = True
            self._writer.under_way.add(self._blob.id)
            await self._writer.metadata.begin_blobs([self._blob.id], self._writer.clock_us())

    async def _abandon(self) -> None:
        tasks = [task for task in (self._sealing, self._putting) if task]
        # Not cancelled: a chunk that is on its way would arrive after its deletion.
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._putting:
            await asyncio.gather(self._putting, return_exceptions=True)
        for grown in (*self._done, self._blob):
            await self._writer.delete_stripes(grown.blob(), range(grown.tried))
        if intents := [grown.id for grown in (*self._done, self._blob) if grown.intent]:
            await self._writer.metadata.forget_blobs(intents)


def _small(
    size: int, blob: Blob, missing: Sequence[MissingChunk] = (), staged: Staged | None = None
) -> Content:
    extents = (Extent(0, size, blob),)
    return Content(size, extents, frozenset((blob.id,)), tuple(missing), staged, unannounced=True)


def _stored(size: int, key: ContentKey | None) -> int:
    return stored_size(size) if key else size


def _sealed(blob_id: bytes, data: Buffer, parity: int, key: ContentKey | None) -> Chunks:
    """The chunks of a small blob. In a thread where it is not very small."""
    return seal_small(blob_id, _encrypted(blob_id, data, key), parity)


def _hashed_and_sealed(
    digests: Digests, blob_id: bytes, data: Buffer, parity: int, key: ContentKey | None
) -> Chunks:
    digests.update(data)
    return _sealed(blob_id, data, parity, key)


def _encrypted(blob_id: bytes, data: Buffer, key: ContentKey | None) -> Buffer:
    return key.blob(blob_id).seal(data) if key else data
