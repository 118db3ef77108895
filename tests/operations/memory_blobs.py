"""Blobs in a dictionary, for tests of operations. mypy checks it against the Protocol that operations use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from chunkd import Buffer
from metadata.ids import new_id
from metadata.records import Blob, Content, Extent
from s3api.blobs.digests import Digests
from s3api.blobs.interface import Blobs
from s3api.body import Body
from s3api.crypto import ContentKey

MAX_BODY_BYTES = 64 << 20
STRIPE_BYTES = 6 << 20


class MemoryBlobs(Blobs):
    """`s3api.blobs.BlobStore` without nodes and encryption. `reads` counts the extents that were read."""

    def __init__(self) -> None:
        self.bytes: dict[bytes, bytes] = {}
        self.reads = 0

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content:
        assert key is None
        data = bytes(await body.read_all(MAX_BODY_BYTES))
        digests.update(data)
        digests.check(body)
        return self.keep(data)

    async def drop(self, content: Content) -> None:
        for blob_id in content.new_blobs:
            del self.bytes[blob_id]

    async def open_range(
        self, extents: Sequence[Extent], start: int, stop: int, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        return self._stream(extents, start, stop, key)

    async def read_small(
        self, extent: Extent, start: int, stop: int, key: ContentKey | None = None
    ) -> Buffer:
        return self._slice(extent, start, stop, key)

    async def read(
        self, extents: Sequence[Extent], start: int = 0, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        stop = max((extent.start + extent.length for extent in extents), default=0)
        async for buffer in self._stream(extents, start, stop, key):
            yield buffer

    def keep(self, data: bytes) -> Content:
        """Store `data` as one blob, without a request."""
        if not data:
            return Content(0)
        content = self.pretend(len(data))
        (blob_id,) = content.new_blobs
        self.bytes[blob_id] = data
        return content

    def pretend(self, size: int) -> Content:
        """Return the content of a blob whose bytes are never read."""
        blob = Blob(new_id(), size, STRIPE_BYTES, 2, (1,) * 8)
        return Content(size, (Extent(0, size, blob),), frozenset((blob.id,)))

    async def _stream(
        self, extents: Sequence[Extent], start: int, stop: int, key: ContentKey | None
    ) -> AsyncIterator[Buffer]:
        for extent in extents:
            if buffer := self._slice(extent, start, stop, key):
                yield buffer

    def _slice(self, extent: Extent, start: int, stop: int, key: ContentKey | None) -> Buffer:
        """Bytes [start, stop) of the object, as far as they lie in this extent."""
        assert key is None
        self.reads += 1
        first, last = max(start - extent.start, 0), min(stop - extent.start, extent.length)
        stored = memoryview(self.bytes[extent.blob.id])
        return stored[extent.offset + first : extent.offset + max(last, first)]
