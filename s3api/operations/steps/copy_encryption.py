"""Encryption of copies: whether a copy shares its source's blobs, or gets its bytes written again.

Blobs are encrypted with their object's data key. A copy shares them if it can keep that key, wrapped for the
copy: from plain to plain, and between SSE-S3 and SSE-KMS in any direction. In all other cases the source is
read, decrypted, encrypted and written: from plain to encrypted, and wherever an SSE-C key changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chunkd import Buffer
from metadata.records import Extent, Object
from s3api.body import Body
from s3api.crypto import ContentKey
from s3api.operations.call import Call
from s3api.operations.steps.ingest import Received, receive
from s3api.operations.steps.object_encryption import (
    COPY_SOURCE,
    Encryption,
    can_share_data_key,
    choose_encryption,
    parse_customer_key,
    unwrap_key,
)


@dataclass(frozen=True, slots=True)
class CopyEncryption:
    """The encryption of a copy.

    `source`: the data key of the source; `target`: the encryption of the copy; None for plain bytes.
    `shared`: the copy uses the source's blobs.
    """

    source: ContentKey | None
    target: Encryption | None
    shared: bool


async def plan_copy_encryption(
    call: Call, bucket: str, key: str, found: Object, inputs: Mapping[str, Any]
) -> CopyEncryption:
    """Decide the encryption of a copy of `found`.

    The copy of an encrypted object is always encrypted: SSE-S3 if nothing else is stated (as on AWS). Raises
    S3Error.
    """
    stored = found.extras.encryption
    source = await unwrap_key(call, stored, inputs, COPY_SOURCE)
    if stored is None:
        target = await choose_encryption(call, bucket, key, inputs)
        return CopyEncryption(None, target, shared=target is None)
    shared = can_share_data_key(stored, parse_customer_key(inputs), parse_customer_key(inputs, COPY_SOURCE))
    target = await choose_encryption(
        call, bucket, key, inputs, content=source if shared else None, always=True
    )
    return CopyEncryption(source, target, shared)


@asynccontextmanager
async def rewrite(
    call: Call, extents: Sequence[Extent], how: CopyEncryption, algorithm: str | None
) -> AsyncIterator[Received]:
    """Write the bytes of `extents`, which begin at 0, in the encryption of the copy.

    Deletes them if the block fails. Raises DataUnavailable, and what `receive` raises.
    """
    stream = call.blobs.read(extents, key=how.source)
    size = sum(extent.length for extent in extents)

    async def source() -> Sequence[Buffer]:
        async for piece in stream:
            return (piece,)
        return ()

    body = Body(source, size, idle_s=None)
    async with receive(call, {}, algorithm=algorithm, encryption=how.target, body=body) as received:
        yield received
