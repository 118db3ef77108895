"""Fixtures: a real SQLite metadata store, and blobs in a dictionary."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chunkd import Buffer
from metadata import Metadata, open_metadata
from metadata.bucket_settings import Buckets
from s3api.access.caller import Caller
from s3api.access.key_generation import key_pair
from s3api.access.keys import Keys
from s3api.access.request_context import RequestContext
from s3api.body import Body
from s3api.kms import DataKeys, KeyFile
from s3api.operations.call import Backend, Call
from tests.operations.memory_blobs import MemoryBlobs

NOW_US = 1_750_000_000_000_000


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
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
async def call(metadata: Metadata, blobs: MemoryBlobs, tmp_path: Path) -> Call:
    """An authorised call of alice; her bucket "photos" exists."""
    backend = Backend(
        metadata,
        blobs,
        Buckets(metadata),
        NamedKeys(key_pair("root", "secret"), metadata, cache_s=0),
        DataKeys(KeyFile(tmp_path / "kms.json", region="us-east-1")),
        region="us-east-1",
    )
    request = RequestContext("R1", "", "photos", {}, {}, NOW_US)
    one = Call(backend, Caller("alice"), request)
    await metadata.buckets.create("photos", region="us-east-1", owner="alice", now_us=NOW_US)
    return one
