"""Read byte ranges of objects: download streams, small reads, and the caches in front of the nodes.

A download fetches the next stripe while the current one is being sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from chunkd import Buffer, NodeError, frame
from metadata.records import Blob, Extent
from s3api.blobs.cache import BlobCache
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import DATA_CHUNKS
from s3api.blobs.pieces import Piece, pieces_of
from s3api.blobs.shared_cache import SharedCache
from s3api.blobs.stripe_reader import DataUnavailable, StripeReader

SMALL_BLOB_BYTES = frame.BLOCK_BYTES
FIRST_STRIPE = bytes(4)
DATA_SLOTS = [bytes((slot,)) for slot in range(DATA_CHUNKS)]
# How much a download fetches at once when all downloads together are over their limit: a client that takes
# its bytes slowly, or not at all, then holds that much and not two stripes.
LEAN_BYTES = 256 << 10


@dataclass(slots=True)
class DownloadMemory:
    """The bytes that all downloads hold in memory."""

    bytes: int = 0


class _DownloadShare:
    """The bytes that one download holds. Given back when it is collected, even if it was never iterated."""

    __slots__ = ("_memory", "pieces")

    def __init__(self, memory: DownloadMemory) -> None:
        self._memory = memory
        self.pieces: tuple[Piece, ...] = ()

    def hold(self, *pieces: Piece) -> None:
        """Count these pieces as held, in place of those before."""
        before = sum(p.stop - p.start for p in self.pieces)
        self._memory.bytes += sum(p.stop - p.start for p in pieces) - before
        self.pieces = pieces

    def __del__(self) -> None:
        self.hold()


class Reader:
    """Reads ranges of objects.

    One for all requests of a gateway. `memory_limit_bytes`: above it downloads fetch less at once.
    """

    def __init__(
        self,
        cluster: Cluster,
        stripes: StripeReader,
        *,
        cache_bytes: int = 0,
        shared: SharedCache | None = None,
        memory_limit_bytes: int = 192 << 20,
    ) -> None:
        self._cluster, self.stripes = cluster, stripes
        self.cache, self.shared = BlobCache(cache_bytes), shared
        self._memory, self._memory_limit = DownloadMemory(), memory_limit_bytes

    def __repr__(self) -> str:
        return f"<Reader: downloads hold {self._memory.bytes >> 20} of {self._memory_limit >> 20} MiB>"

    async def open(self, extents: Sequence[Extent], start: int, stop: int) -> AsyncGenerator[Buffer, None]:
        """Return an iterator over the bytes [start, stop), as buffers in order.

        The first piece is fetched when this returns. Raises DataUnavailable, then or later.
        """
        pieces, share = deque(pieces_of(extents, start, stop)), _DownloadShare(self._memory)
        first: list[Buffer] = []
        if pieces:
            piece = self._next(pieces)
            share.hold(piece)
            first = await self.stripes.fetch(piece)
        return self._stream(first, pieces, share)

    def _next(self, pieces: deque[Piece]) -> Piece:
        """The next piece to fetch: all of a stripe, or LEAN_BYTES of it over the memory limit."""
        piece = pieces.popleft()
        if self._over_limit and piece.stop - piece.start > LEAN_BYTES:
            pieces.appendleft(replace(piece, start=piece.start + LEAN_BYTES))
            piece = replace(piece, stop=piece.start + LEAN_BYTES)
        return piece

    @property
    def _over_limit(self) -> bool:
        return self._memory.bytes > self._memory_limit

    async def _stream(
        self, ready: list[Buffer], pieces: deque[Piece], share: _DownloadShare
    ) -> AsyncGenerator[Buffer, None]:
        following: asyncio.Task[list[Buffer]] | None = None
        try:
            while pieces:
                piece = self._next(pieces)
                if not self._over_limit:
                    share.hold(piece, *share.pieces)
                    # Its requests are sent before this piece goes to the client: the task runs up to its
                    # first wait.
                    following = asyncio.create_task(self.stripes.fetch(piece))
                for buffer in ready:
                    yield buffer
                ready = []
                share.hold(piece)
                ready = await (following or self.stripes.fetch(piece))
                following = None
            for buffer in ready:
                yield buffer
        finally:
            if following:
                following.cancel()
                with suppress(asyncio.CancelledError, DataUnavailable):
                    await following

    # --- small reads ---------------------------------------------------------------------

    async def read_small(self, extent: Extent, start: int, stop: int) -> Buffer:
        """The bytes [start, stop) of one extent in one buffer, for small ranges. Raises DataUnavailable."""
        blob = extent.blob
        first = start - extent.start + extent.offset
        last = first + stop - start
        data = self.cache.get(blob.id)
        if data is None and blob.size <= SMALL_BLOB_BYTES and last - first == blob.size:
            data = self._read_from_group(blob) or await self._read_whole(blob)
            self.cache.put(blob.id, data)
        if data is not None:
            return data if last - first == len(data) else memoryview(data)[first:last]
        out: list[Buffer] = []
        for piece in pieces_of((extent,), start, stop):
            out += await self.stripes.fetch(piece)
        return out[0] if len(out) == 1 else b"".join(out)

    def _read_from_group(self, blob: Blob) -> bytes | None:
        """Read a small blob in one call, without waiting.

        None if its nodes do not share an environment, or a chunk is damaged.
        """
        found = self._cluster.group_of(blob.nodes[:DATA_CHUNKS])
        if found is None or blob.size < DATA_CHUNKS:
            return None
        group, nodes = found
        prefix = blob.id + FIRST_STRIPE
        try:
            frames = group.read_all(tuple(zip(nodes, [prefix + slot for slot in DATA_SLOTS], strict=True)))
            return None if None in frames else frame.decode_joined(prefix, frames)  # type: ignore[arg-type]
        except (NodeError, frame.FrameError):
            return None  # reading chunk by chunk finds out which node fails, and how

    async def _read_whole(self, blob: Blob) -> bytes:
        """A small blob from the cache that gateways share, else from its nodes."""
        shared = self.shared
        if shared is not None and (found := await shared.get(blob.id)) is not None:
            return found
        data = b"".join(await self.stripes.fetch(Piece(blob, 0, 0, blob.size)))
        if shared is not None:
            shared.put(blob.id, data)
        return data
