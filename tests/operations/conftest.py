"""Fixtures: a real SQLite metadata store, and blobs in a dictionary."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chunkd import Buffer
from metadata import Metadata, open_metadata
from metadata.bucket_settings import Buckets
from metadata.ids import new_id
from metadata.records import Blob, Content, Extent
from s3api.access.caller import Caller
from s3api.access.key_generation import pair as key_pair
from s3api.access.keys import Keys
from s3api.access.request_context import RequestContext
from s3api.body import Body
from s3api.crypto import ContentKey
from s3api.kms import KeyFile, Vault
from s3api.operations.call import Backend, Call

NOW_US = 1_750_000_000_000_000


class Blobs:
    """A `s3api.blobs.BlobStore` in memory. `reads` counts the extents that were read."""

    def __init__(self) -> None:
        self.bytes: dict[bytes, bytes] = {}
        self.reads = 0

    async def write(self, body: Body, digests: Any, key: ContentKey | None = None) -> Content:
        assert key is None
        data = bytes(await body.read_all(64 << 20))
        digests.update(data)
        digests.check(body)
        return self.keep(data)

    async def drop(self, content: Content) -> None:
        for blob_id in content.new_blobs:
            del self.bytes[blob_id]

    async def read(
        self, extents: Sequence[Extent], start: int = 0, key: ContentKey | None = None
    ) -> AsyncIterator[Buffer]:
        assert key is None
        for extent in extents:
            self.reads += 1
            yield memoryview(self.bytes[extent.blob.id])[extent.offset : extent.offset + extent.length]

    def keep(self, data: bytes) -> Content:
        if not data:
            return Content(0)
        blob = Blob(new_id(), len(data), 6 << 20, 2, (1,) * 8)
        self.bytes[blob.id] = data
        return Content(len(data), (Extent(0, len(data), blob),), frozenset((blob.id,)))

    def pretend(self, size: int) -> Content:
        """Return the content of a blob whose bytes are never read."""
        blob = Blob(new_id(), size, 6 << 20, 2, (1,) * 8)
        return Content(size, (Extent(0, size, blob),), frozenset((blob.id,)))


class NamedKeys(Keys):
    """Key pairs of accounts whose canonical ids are names, not hex digits."""

    def number(self, canonical: str) -> str:
        return canonical


def body(data: bytes) -> Body:
    pieces = [data] if data else []

    async def source() -> Sequence[Buffer]:
        return [pieces.pop()] if pieces else []

    return Body(source, len(data))


def sending(call: Call, data: bytes) -> Call:
    """Return the call with another request body."""
    return replace(call, body=body(data))


def at(call: Call, now_us: int) -> Call:
    """Return the call with another time of arrival."""
    return replace(call, request=replace(call.request, now_us=now_us))


@pytest.fixture
async def metadata(tmp_path: Path) -> AsyncIterator[Metadata]:
    store = await open_metadata(f"sqlite:///{tmp_path}/metadata.sqlite", instance="test")
    yield store
    await store.close()


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


@pytest.fixture
async def call(metadata: Metadata, blobs: Blobs, tmp_path: Path) -> Call:
    """An authorised call of alice; her bucket "photos" exists."""
    backend = Backend(
        metadata,
        blobs,  # type: ignore[arg-type]
        Buckets(metadata),
        NamedKeys(key_pair("root", "secret"), metadata, cache_s=0),
        Vault(KeyFile(tmp_path / "kms.json", region="us-east-1")),
        region="us-east-1",
    )
    request = RequestContext("R1", "", "photos", {}, {}, NOW_US)
    one = Call(backend, Caller("alice"), request)
    await metadata.buckets.create("photos", region="us-east-1", owner="alice", now_us=NOW_US)
    return one
