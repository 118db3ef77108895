"""Read stripes from storage nodes: the data chunks in parallel, parity where one is missing, late or damaged.

A stripe (or the part of one that a range needs) is fetched with one request per chunk. Every frame is
verified. A chunk is rebuilt from parity if its node is down, if it is missing or damaged, or if it is later
than the node's recent 95th percentile allows (a hedged read): any six chunks give the stripe. Missing and
damaged chunks go to the repair queue.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chunkd import Buffer, ChunkMissing, NodeDown, NodeError, frame
from metadata.records import Blob, MissingChunk
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import DATA_CHUNKS, chunk_length, chunk_offsets, rebuild
from s3api.blobs.fanout import error_of, wait_all
from s3api.blobs.pieces import Piece
from s3api.blobs.stripes import chunk_id, stripe_size
from s3api.tasks.first_step import in_task

log = logging.getLogger("sixfold.blobs")
WHOLE_CHUNK_BYTES = frame.BLOCK_BYTES  # up to this size a chunk is fetched whole
HEDGE_AT_LEAST_S = 0.05
HEDGE_FACTOR = 3.0


class DataUnavailable(Exception):
    """Fewer than six chunks of a stripe can be read now; nodes that are down may have the others."""

    def __init__(self, blob_id: bytes, stripe: int, have: int) -> None:
        super().__init__(blob_id.hex(), stripe, have)
        self.blob_id, self.stripe, self.have = blob_id, stripe, have

    def __str__(self) -> str:
        where = f"stripe {self.stripe} of blob {self.blob_id.hex()}"
        return f"{where}: {self.have} of the six chunks needed can be read"


@dataclass(slots=True)
class ChunkRead:
    """A chunk being fetched: whole (one future), or its header and the blocks that cover [start, stop)."""

    slot: int
    node_id: int
    name: bytes
    length: int
    start: int
    stop: int
    futures: list[Future[Buffer]] = field(default_factory=list)
    began: float = 0.0

    @property
    def whole(self) -> bool:
        return len(self.futures) == 1

    def decode(self) -> memoryview:
        """The payload bytes [start, stop), verified.

        Raises FrameError, ChunkMissing, NodeDown.
        """
        if self.whole:
            return frame.decode(self.name, self.futures[0].result())[self.start : self.stop]
        header, blocks = (future.result() for future in self.futures)
        return frame.decode_range(self.name, header, blocks, self.start, self.stop)


class StripeReader:
    """Reads stripes and parts of stripes.

    `report_damage` is called with each chunk to be repaired. `hedge`: do not wait for slow nodes.
    `read_staged` returns the bytes of a blob whose chunks are not on its nodes yet, else None.
    """

    def __init__(
        self,
        cluster: Cluster,
        report_damage: Callable[[MissingChunk], None],
        *,
        hedge: bool = True,
        read_staged: Callable[[Blob], Awaitable[bytes | None]] | None = None,
    ) -> None:
        self._cluster, self._report_damage, self._hedge = cluster, report_damage, hedge
        self._read_staged = read_staged

    async def fetch(self, piece: Piece) -> list[Buffer]:
        """The buffers that make one piece.

        Raises DataUnavailable.
        """
        if self._read_staged is not None and (staged := await self._read_staged(piece.blob)) is not None:
            return [memoryview(staged)[piece.start : piece.stop]]
        reads = self._start_reads(piece)
        if reads is not None:
            try:
                await self._wait(reads)
                out = self._decode_all(piece, reads)
                if out is not None:
                    return out
            finally:
                for read in reads:
                    _retrieve_exceptions(read.futures)
        return await self._fetch_degraded(piece)

    def _start_reads(self, piece: Piece) -> list[ChunkRead] | None:
        """Request the data chunks that the piece needs; None if one of their nodes is down."""
        blob, size = piece.blob, stripe_size(piece.blob, piece.stripe)
        at = chunk_offsets(size)
        slots = _data_slots(piece, at)
        nodes = [self._cluster.node(blob.nodes[slot]) for slot in slots]
        if None in nodes:
            return None
        reads = []
        for slot in slots:
            start, stop = max(piece.start - at[slot], 0), min(piece.stop, at[slot + 1]) - at[slot]
            reads.append(self._read_chunk(blob, piece.stripe, slot, size, start, stop))
        return reads

    def _read_chunk(self, blob: Blob, stripe: int, slot: int, size: int, start: int, stop: int) -> ChunkRead:
        name, length = chunk_id(blob.id, stripe, slot), chunk_length(size, slot)
        read = ChunkRead(slot, blob.nodes[slot], name, length, start, stop, began=time.perf_counter())
        node = self._cluster.node(read.node_id)
        if node is None:
            raise NodeDown(str(read.node_id))
        if length <= WHOLE_CHUNK_BYTES or stop - start == length:
            read.futures.append(node.get(name))
        else:
            header = frame.header_length(length)
            first, last = frame.block_span(length, start, stop)
            read.futures.append(node.get_range(name, 0, header))
            read.futures.append(node.get_range(name, first, last))
        return read

    async def _wait(self, reads: Sequence[ChunkRead]) -> None:
        """Wait for the reads, no longer than hedging allows, and record how long the nodes took."""
        futures = [future for read in reads for future in read.futures]
        if all(future.done() for future in futures):
            return
        if not self._hedge:
            await wait_all(futures)
        else:
            await in_task()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._hedge_after_s(reads)):
                    await wait_all(futures)
        now = time.perf_counter()
        for read in reads:
            if all(future.done() for future in read.futures):
                self._cluster.record_latency(read.node_id, now - read.began)

    def _hedge_after_s(self, reads: Sequence[ChunkRead]) -> float:
        members = [self._cluster.member(read.node_id) for read in reads]
        return max([HEDGE_AT_LEAST_S, *(HEDGE_FACTOR * m.p95_s() for m in members if m)])

    def _decode_all(self, piece: Piece, reads: Sequence[ChunkRead]) -> list[Buffer] | None:
        """The verified payloads in order; None if any failed. Every failure is reported."""
        out: list[Buffer] = []
        whole = True
        for read in reads:
            payload = self._decode(piece, read)
            if payload is None:
                whole = False
            elif len(payload):
                out.append(payload)
        return out if whole else None

    def _decode(self, piece: Piece, read: ChunkRead) -> memoryview | None:
        """The verified payload of a chunk. None if it failed; the failure is logged and reported."""
        for future in read.futures:
            why = error_of(future)
            if isinstance(why, ChunkMissing):
                log.warning("%s: chunk missing; rebuilt from parity and queued for repair", why)
                self._report_damage(MissingChunk(piece.blob.id, piece.stripe, read.slot))
                return None
            if isinstance(why, NodeError):
                self._cluster.report_failure(read.node_id, why)
                return None
            if why is not None:
                if not isinstance(why, TimeoutError):
                    log.error(
                        "a read from node %d failed with an unexpected error", read.node_id, exc_info=why
                    )
                return None
        try:
            return read.decode()
        except frame.FrameError as why:
            log.warning("node %d: %s; rebuilt from parity and queued for repair", read.node_id, why)
            self._report_damage(MissingChunk(piece.blob.id, piece.stripe, read.slot))
            return None

    # --- degraded reads ------------------------------------------------------------------

    async def _fetch_degraded(self, piece: Piece) -> list[Buffer]:
        """The piece, from any six sound chunks of its stripe."""
        blob, size = piece.blob, stripe_size(piece.blob, piece.stripe)
        have = await self.survivors(blob, piece.stripe)
        at = chunk_offsets(size)
        slots = _data_slots(piece, at)
        lacking = [slot for slot in slots if slot not in have]
        chunks = {**have, **rebuild(have, size, blob.parity, lacking)} if lacking else have
        out: list[Buffer] = []
        for slot in slots:
            start, stop = max(piece.start - at[slot], 0), min(piece.stop, at[slot + 1]) - at[slot]
            out.append(memoryview(chunks[slot])[start:stop])
        return out

    async def survivors(self, blob: Blob, stripe: int) -> dict[int, Buffer]:
        """Verified payloads of at least six chunks of a stripe, by slot. Returns as soon as there are six.

        Raises DataUnavailable.
        """
        size = stripe_size(blob, stripe)
        whole = Piece(blob, stripe, 0, size)
        reads = [
            self._read_chunk(blob, stripe, slot, size, 0, chunk_length(size, slot))
            for slot, node_id in enumerate(blob.nodes)
            if self._cluster.node(node_id)
        ]
        futures = {read.slot: read.futures[0] for read in reads}

        def enough() -> bool:
            good = (f for f in futures.values() if f.done() and not f.cancelled() and f.exception() is None)
            return sum(1 for _ in good) >= DATA_CHUNKS

        await wait_all(futures.values(), enough=enough, grace_s=0.0)
        have = self._decode_by_slot(whole, [read for read in reads if read.futures[0].done()])
        if len(have) < DATA_CHUNKS:
            await wait_all(futures.values())
            have = self._decode_by_slot(whole, reads)
        for read in reads:
            _retrieve_exceptions(read.futures)
        if len(have) < DATA_CHUNKS:
            raise DataUnavailable(blob.id, stripe, len(have))
        return have

    def _decode_by_slot(self, piece: Piece, reads: Sequence[ChunkRead]) -> dict[int, Buffer]:
        have: dict[int, Buffer] = {}
        for read in reads:
            payload = self._decode(piece, read)
            if payload is not None:
                have[read.slot] = payload
        return have


def _data_slots(piece: Piece, at: Sequence[int]) -> list[int]:
    """The slots whose data chunks overlap the piece; chunk i is [at[i], at[i+1]) of the stripe."""
    return [slot for slot in range(DATA_CHUNKS) if at[slot] < piece.stop and at[slot + 1] > piece.start]


def _retrieve_exceptions(futures: Sequence[Future[Buffer]]) -> None:
    """Retrieve the exceptions of abandoned futures, now or when they are done: silences asyncio's warning."""
    for future in futures:
        if future.done():
            _retrieve_exception(future)
        else:
            future.add_done_callback(_retrieve_exception)


def _retrieve_exception(future: Future[Buffer]) -> None:
    if not future.cancelled():
        future.exception()
