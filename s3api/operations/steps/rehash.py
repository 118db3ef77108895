"""Extents of an object's bytes, and digests of them: read from the nodes, hashed off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from chunkd import Buffer
from metadata.records import Checksum, Extent, Object
from s3api import checksums
from s3api.crypto import ContentKey
from s3api.operations.call import Call

HASH_INLINE_BYTES = 64 << 10  # up to this size, hashed on the event loop


async def rehash(
    call: Call, extents: Sequence[Extent], algorithm: str | None, key: ContentKey | None = None
) -> tuple[str, Checksum | None]:
    """Return MD5 (hex) and FULL_OBJECT checksum of the bytes of `extents`, decrypted with `key`.

    Raises DataUnavailable.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    algo = checksums.algorithm(algorithm) if algorithm else None
    hashers: list[checksums.Hasher] = [md5]
    if algo:
        hashers.append(algo.new())
    async for piece in call.blobs.read(extents, key=key):
        if len(piece) <= HASH_INLINE_BYTES:
            _update(hashers, piece)
        else:
            await asyncio.to_thread(_update, hashers, piece)
    checksum = None
    if algo:
        value = checksums.encode(hashers[1].digest())
        checksum = Checksum(algo.name, checksums.FULL_OBJECT, value)
    return md5.hexdigest(), checksum


async def read_extents(call: Call, found: Object, start: int, stop: int) -> tuple[Extent, ...]:
    """Return the extents that overlap bytes [start, stop) of an object. Raises BlobGone."""
    if found.extent:
        return (found.extent,)
    return tuple(await call.metadata.objects.extents(found.data_id, start, stop)) if stop > start else ()


def slice_extents(extents: Sequence[Extent], start: int, stop: int) -> tuple[Extent, ...]:
    """Return the extents of bytes [start, stop), with positions counted from 0."""
    out = []
    for extent in extents:
        first, last = max(start, extent.start), min(stop, extent.start + extent.length)
        if first < last:
            offset = extent.offset + first - extent.start
            out.append(Extent(first - start, last - first, extent.blob, offset))
    return tuple(out)


def _update(hashers: Sequence[checksums.Hasher], piece: Buffer) -> None:
    for hasher in hashers:
        hasher.update(piece)
