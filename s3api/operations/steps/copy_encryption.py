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
    SOURCE,
    Sealed,
    customer_key,
    seal,
    shares_data_key,
    unlock,
)


@dataclass(frozen=True, slots=True)
class Recoding:
    """`source`: the data key of the source, `target` what the copy is to have; `shared`: the same blobs."""

    source: ContentKey | None
    target: Sealed | None
    shared: bool


async def recoding(call: Call, bucket: str, key: str, found: Object, inputs: Mapping[str, Any]) -> Recoding:
    """How a copy of `found` is encrypted. One of an encrypted object always is: SSE-S3 if nothing else is
    asked for (as on AWS). Raises S3Error.
    """
    stored = found.extras.encryption
    source = await unlock(call, stored, inputs, SOURCE)
    if stored is None:
        target = await seal(call, bucket, key, inputs)
        return Recoding(None, target, shared=target is None)
    shared = shares_data_key(stored, customer_key(inputs), customer_key(inputs, SOURCE))
    target = await seal(call, bucket, key, inputs, content=source if shared else None, always=True)
    return Recoding(source, target, shared)


@asynccontextmanager
async def rewritten(
    call: Call, extents: Sequence[Extent], how: Recoding, algorithm: str | None
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
    async with receive(call, {}, algorithm=algorithm, sealed=how.target, body=body) as received:
        yield received
