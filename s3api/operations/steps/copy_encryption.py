"""Copies and encryption: whether a copy may share its source's blobs, and the bytes written anew where it may
not.

Blobs are encrypted under their object's data key. A copy shares them where it may keep that key, wrapped anew
as the copy wants it: plain to plain, and between SSE-S3 and SSE-KMS in any direction. Everything else reads
the source, decrypts, encrypts and writes: plain to encrypted, and whatever changes a customer's key.
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
    """`source`: the data key of the source, `target` what the copy is to have; `shared`: the same blobs."""

    source: ContentKey | None
    target: Encryption | None
    shared: bool


async def plan_copy_encryption(
    call: Call, bucket: str, key: str, found: Object, inputs: Mapping[str, Any]
) -> CopyEncryption:
    """How a copy of `found` is encrypted. One of an encrypted object always is: SSE-S3 if nothing else is
    asked for (as on AWS). Raises S3Error.
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
    """The bytes of `extents`, which begin at 0, written as a copy wants them; dropped again where the block
    fails. Raises DataUnavailable and what `receive` does.
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
