"""Blobs become bytes again: the data chunks in parallel, parity where one is missing, late or damaged.

A stripe (or the part of one that a range wants) is fetched with one request per chunk. Every frame is
checked. A node that is down, a chunk that is missing or does not verify, and one that is later than the
node's recent 95th percentile allows, are made up from parity: any six chunks give the stripe. What was
missing or damaged goes to the repair queue. The stripe after the one being sent is fetched meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from chunkd import Buffer, ChunkMissing, NodeDown, NodeError, frame
from metadata.records import Blob, Extent, MissingChunk
from s3api.blobs.cache import BlobCache
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import DATA_CHUNKS, chunk_length, cuts, rebuild
from s3api.blobs.fanout import failure, settle
from s3api.blobs.shared_cache import SharedCache
from s3api.blobs.stripes import chunk_id, stripe_size
from s3api.tasks.first_step import in_task

log = logging.getLogger("sixfold.blobs")
WHOLE_CHUNK_BYTES = frame.BLOCK_BYTES
SMALL_BLOB_BYTES = frame.BLOCK_BYTES
FIRST_STRIPE = bytes(4)
DATA_SLOTS = [bytes((slot,)) for slot in range(DATA_CHUNKS)]
# What a download fetches at once where all of them together hold too much: a client that takes its bytes
# slowly, or not at all, keeps that much and not two stripes.
LEAN_BYTES = 256 << 10
HEDGE_AT_LEAST_S = 0.05
HEDGE_FACTOR = 3.0


class DataUnavailable(Exception):
    """Fewer than six chunks of a stripe can be had now; a node that is down may still have them."""

    def __init__(self, blob_id: bytes, stripe: int, have: int) -> None:
        super().__init__(blob_id.hex(), stripe, have)
        self.blob_id, self.stripe, self.have = blob_id, stripe, have

    def __str__(self) -> str:
        where = f"stripe {self.stripe} of blob {self.blob_id.hex()}"
        return f"{where}: {self.have} of the six chunks needed can be read"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes [start, stop) of one stripe of a blob: what is fetched at once."""

    blob: Blob
    stripe: int
    start: int
    stop: int


@dataclass(slots=True)
class Fetch:
    """A chunk being fetched: whole, or the blocks [start, stop) behind its header."""

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

    def verified(self) -> memoryview:
        """The payload bytes [start, stop).

        Raises FrameError, ChunkMissing, NodeDown.
        """
        if self.whole:
            return frame.decode(self.name, self.futures[0].result())[self.start : self.stop]
        header, blocks = (future.result() for future in self.futures)
        return frame.decode_range(self.name, header, blocks, self.start, self.stop)


@dataclass(slots=True)
class Held:
    """How many bytes all downloads hold."""

    bytes: int = 0


class _Share:
    """What one download holds of them: given back when it is forgotten, even one that never began."""

    __slots__ = ("_held", "pieces")

    def __init__(self, held: Held) -> None:
        self._held = held
        self.pieces: tuple[Piece, ...] = ()

    def hold(self, *pieces: Piece) -> None:
        self._held.bytes += sum(p.stop - p.start for p in pieces) - sum(p.stop - p.start for p in self.pieces)
        self.pieces = pieces

    def __del__(self) -> None:
        self.hold()


def pieces_of(extents: Sequence[Extent], start: int, stop: int) -> list[Piece]:
    """The pieces that make bytes [start, stop) of an object, in order.

    `extents` must cover the range.
    """
    out: list[Piece] = []
    for extent in extents:
        first, last = max(start, extent.start), min(stop, extent.start + extent.length)
        at, end = first - extent.start + extent.offset, last - extent.start + extent.offset
        size = extent.blob.stripe_bytes
        while at < end:
            stripe, within = divmod(at, size)
            take = min(size - within, end - at)
            out.append(Piece(extent.blob, stripe, within, within + take))
            at += take
    return out


class Reader:
    """Reads pieces of blobs.

    One for all requests of a gateway; `damaged` takes what has to be repaired.
    """

    def __init__(
        self,
        cluster: Cluster,
        damaged: Callable[[MissingChunk], None],
        *,
        hedge: bool = True,
        cache_bytes: int = 0,
        shared: SharedCache | None = None,
        most_held_bytes: int = 192 << 20,
        elsewhere: Callable[[Blob], Awaitable[bytes | None]] | None = None,
    ) -> None:
        """`elsewhere`: the bytes of a blob that is not on its nodes yet."""
        self._elsewhere = elsewhere
        self._cluster, self._damaged, self._hedge = cluster, damaged, hedge
        self.cache, self.shared = BlobCache(cache_bytes), shared
        self._held, self._most_held = Held(), most_held_bytes

    async def open(self, extents: Sequence[Extent], start: int, stop: int) -> AsyncGenerator[Buffer, None]:
        """The bytes [start, stop), as buffers in order.

        The first piece is in hand when this returns. Raises DataUnavailable, then or later.
        """
        pieces, share = deque(pieces_of(extents, start, stop)), _Share(self._held)
        first: list[Buffer] = []
        if pieces:
            piece = self._next(pieces)
            share.hold(piece)
            first = await self.fetch(piece)
        return self._stream(first, pieces, share)

    def _next(self, pieces: deque[Piece]) -> Piece:
        """What a download fetches next: a whole stripe, or little of it where downloads hold much already."""
        piece = pieces.popleft()
        if self._crowded and piece.stop - piece.start > LEAN_BYTES:
            pieces.appendleft(replace(piece, start=piece.start + LEAN_BYTES))
            piece = replace(piece, stop=piece.start + LEAN_BYTES)
        return piece

    @property
    def _crowded(self) -> bool:
        return self._held.bytes > self._most_held

    async def small(self, extent: Extent, start: int, stop: int) -> Buffer:
        """The bytes [start, stop) of one extent, all at once: for little. Raises DataUnavailable."""
        blob = extent.blob
        first = start - extent.start + extent.offset
        last = first + stop - start
        data = self.cache.get(blob.id)
        if data is None and blob.size <= SMALL_BLOB_BYTES and last - first == blob.size:
            data = self._at_once(blob) or await self._from_afar(blob)
            self.cache.put(blob.id, data)
        if data is not None:
            return data if last - first == len(data) else memoryview(data)[first:last]
        out: list[Buffer] = []
        for piece in pieces_of((extent,), start, stop):
            out += await self.fetch(piece)
        return out[0] if len(out) == 1 else b"".join(out)

    async def _from_afar(self, blob: Blob) -> bytes:
        """A small blob out of the cache that gateways share, or else from its nodes."""
        shared = self.shared
        if shared is not None and (found := await shared.get(blob.id)) is not None:
            return found
        data = b"".join(await self.fetch(Piece(blob, 0, 0, blob.size)))
        if shared is not None:
            shared.put(blob.id, data)
        return data

    def _at_once(self, blob: Blob) -> bytes | None:
        """A small blob whose nodes can be read together and are all well; None otherwise."""
        found = self._cluster.group_of(blob.nodes[:DATA_CHUNKS])
        if found is None or blob.size < DATA_CHUNKS:
            return None
        group, nodes = found
        prefix = blob.id + FIRST_STRIPE
        try:
            frames = group.read_all(tuple(zip(nodes, [prefix + slot for slot in DATA_SLOTS], strict=True)))
            return None if None in frames else frame.decode_joined(prefix, frames)  # type: ignore[arg-type]
        except (NodeError, frame.FrameError):
            return None  # what is wrong, and with which node, is found out chunk by chunk

    async def _stream(
        self, ready: list[Buffer], pieces: deque[Piece], share: _Share
    ) -> AsyncGenerator[Buffer, None]:
        following: asyncio.Task[list[Buffer]] | None = None
        try:
            while pieces:
                piece = self._next(pieces)
                if not self._crowded:
                    share.hold(piece, *share.pieces)
                    # Its requests leave before our bytes do: the task runs up to its first wait.
                    following = asyncio.create_task(self.fetch(piece))
                for buffer in ready:
                    yield buffer
                ready = []
                share.hold(piece)
                ready = await (following or self.fetch(piece))
                following = None
            for buffer in ready:
                yield buffer
        finally:
            if following:
                following.cancel()
                with suppress(asyncio.CancelledError, DataUnavailable):
                    await following

    async def fetch(self, piece: Piece) -> list[Buffer]:
        """The buffers that make one piece.

        Raises DataUnavailable.
        """
        if self._elsewhere is not None and (held := await self._elsewhere(piece.blob)) is not None:
            return [memoryview(held)[piece.start : piece.stop]]
        fetches = self._start(piece)
        if fetches is not None:
            try:
                await self._arrived(fetches)
                out = self._take(piece, fetches)
                if out is not None:
                    return out
            finally:
                for fetch in fetches:
                    _observe(fetch.futures)
        return await self._degraded(piece)

    def _start(self, piece: Piece) -> list[Fetch] | None:
        """Ask the nodes for the data chunks that the piece needs; None where one of these nodes is down."""
        blob, size = piece.blob, stripe_size(piece.blob, piece.stripe)
        at = cuts(size)
        wanted = [s for s in range(DATA_CHUNKS) if at[s] < piece.stop and at[s + 1] > piece.start]
        nodes = [self._cluster.node(blob.nodes[slot]) for slot in wanted]
        if None in nodes:
            return None
        fetches = []
        for slot in wanted:
            start, stop = max(piece.start - at[slot], 0), min(piece.stop, at[slot + 1]) - at[slot]
            fetches.append(self._ask(blob, piece.stripe, slot, size, start, stop))
        return fetches

    def _ask(self, blob: Blob, stripe: int, slot: int, size: int, start: int, stop: int) -> Fetch:
        name, length = chunk_id(blob.id, stripe, slot), chunk_length(size, slot)
        fetch = Fetch(slot, blob.nodes[slot], name, length, start, stop, began=time.perf_counter())
        node = self._cluster.node(fetch.node_id)
        if node is None:
            raise NodeDown(str(fetch.node_id))
        if length <= WHOLE_CHUNK_BYTES or stop - start == length:
            fetch.futures.append(node.get(name))
        else:
            header = frame.header_length(length)
            first, last = frame.block_span(length, start, stop)
            fetch.futures.append(node.get_range(name, 0, header))
            fetch.futures.append(node.get_range(name, first, last))
        return fetch

    async def _arrived(self, fetches: Sequence[Fetch]) -> None:
        futures = [future for fetch in fetches for future in fetch.futures]
        if all(future.done() for future in futures):
            return
        if not self._hedge:
            await settle(futures)
        else:
            await in_task()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s(fetches)):
                    await settle(futures)
        now = time.perf_counter()
        for fetch in fetches:
            if all(future.done() for future in fetch.futures):
                self._cluster.answered(fetch.node_id, now - fetch.began)

    def _patience_s(self, fetches: Sequence[Fetch]) -> float:
        members = [self._cluster.member(fetch.node_id) for fetch in fetches]
        return max([HEDGE_AT_LEAST_S, *(HEDGE_FACTOR * m.p95_s() for m in members if m)])

    def _take(self, piece: Piece, fetches: Sequence[Fetch]) -> list[Buffer] | None:
        """The verified payloads in order, None where one of them cannot be used; all that are damaged are
        told.
        """
        out: list[Buffer] = []
        whole = True
        for fetch in fetches:
            payload = self._payload(piece, fetch)
            if payload is None:
                whole = False
            elif len(payload):
                out.append(payload)
        return out if whole else None

    def _payload(self, piece: Piece, fetch: Fetch) -> memoryview | None:
        """What a chunk gave; None where it failed, after saying so to whom it concerns."""
        for future in fetch.futures:
            why = failure(future)
            if isinstance(why, ChunkMissing):
                log.warning("%s; rebuilt from parity and queued for repair", why)
                self._damaged(MissingChunk(piece.blob.id, piece.stripe, fetch.slot))
                return None
            if isinstance(why, NodeError):
                self._cluster.failed(fetch.node_id, why)
                return None
            if why is not None:
                if not isinstance(why, TimeoutError):
                    log.error("reading from node %d failed in an unforeseen way", fetch.node_id, exc_info=why)
                return None
        try:
            return fetch.verified()
        except frame.FrameError as why:
            log.warning("node %d: %s; rebuilt from parity and queued for repair", fetch.node_id, why)
            self._damaged(MissingChunk(piece.blob.id, piece.stripe, fetch.slot))
            return None

    # --- with chunks missing -------------------------------------------------------------

    async def _degraded(self, piece: Piece) -> list[Buffer]:
        """The piece out of any six whole chunks of its stripe."""
        blob, size = piece.blob, stripe_size(piece.blob, piece.stripe)
        have = await self.survivors(blob, piece.stripe)
        at = cuts(size)
        wanted = [s for s in range(DATA_CHUNKS) if at[s] < piece.stop and at[s + 1] > piece.start]
        lacking = [slot for slot in wanted if slot not in have]
        chunks = {**have, **rebuild(have, size, blob.parity, lacking)} if lacking else have
        out: list[Buffer] = []
        for slot in wanted:
            start, stop = max(piece.start - at[slot], 0), min(piece.stop, at[slot + 1]) - at[slot]
            out.append(memoryview(chunks[slot])[start:stop])
        return out

    async def survivors(self, blob: Blob, stripe: int) -> dict[int, Buffer]:
        """Verified payloads of at least six chunks of a stripe, by slot; as soon as there are six.

        Raises DataUnavailable.
        """
        size = stripe_size(blob, stripe)
        whole = Piece(blob, stripe, 0, size)
        fetches = [
            self._ask(blob, stripe, slot, size, 0, chunk_length(size, slot))
            for slot, node_id in enumerate(blob.nodes)
            if self._cluster.node(node_id)
        ]
        futures = {fetch.slot: fetch.futures[0] for fetch in fetches}

        def enough() -> bool:
            good = (f for f in futures.values() if f.done() and not f.cancelled() and f.exception() is None)
            return sum(1 for _ in good) >= DATA_CHUNKS

        await settle(futures.values(), enough=enough, grace_s=0.0)
        have = self._verified(whole, [f for f in fetches if f.futures[0].done()])
        if len(have) < DATA_CHUNKS:
            await settle(futures.values())
            have = self._verified(whole, fetches)
        for fetch in fetches:
            _observe(fetch.futures)
        if len(have) < DATA_CHUNKS:
            raise DataUnavailable(blob.id, stripe, len(have))
        return have

    def _verified(self, piece: Piece, fetches: Sequence[Fetch]) -> dict[int, Buffer]:
        have: dict[int, Buffer] = {}
        for fetch in fetches:
            payload = self._payload(piece, fetch)
            if payload is not None:
                have[fetch.slot] = payload
        return have


def _observe(futures: Sequence[Future[Buffer]]) -> None:
    """Look at the outcome of requests that nobody waits for any more, lest asyncio complain that nobody
    did.
    """
    for future in futures:
        if future.done():
            _look(future)
        else:
            future.add_done_callback(_look)


def _look(future: Future[Buffer]) -> None:
    if not future.cancelled():
        future.exception()
