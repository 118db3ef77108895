"""The part of `BlobStore` that S3 operations use, as a Protocol: tests implement it in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

from chunkd import Buffer
from metadata.records import Content, Extent

if TYPE_CHECKING:
    from s3api.blobs.digests import Digests
    from s3api.body import Body
    from s3api.crypto import ContentKey


class Blobs(Protocol):
    """Write, read and drop the bytes of objects. `BlobStore` documents each method."""

    async def write(self, body: Body, digests: Digests, key: ContentKey | None = None) -> Content: ...

    async def drop(self, content: Content) -> None: ...

    async def open_range(
        self, extents: Sequence[Extent], start: int, stop: int, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]: ...

    async def read_small(
        self, extent: Extent, start: int, stop: int, key: ContentKey | None = None
    ) -> Buffer: ...

    def read(
        self, extents: Sequence[Extent], start: int = 0, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]: ...
