"""The cache of small blobs: bounded, least recently used out first."""

from __future__ import annotations

import os

import pytest

from s3api.blobs.cache import OVERHEAD_BYTES, BlobCache
from tests.blobs.cluster_of import body_of, rig
from tests.blobs.test_store import Md5


def test_the_least_recently_used_goes_first() -> None:
    cache = BlobCache(3 * (100 + OVERHEAD_BYTES))
    for name in (b"a", b"b", b"c"):
        cache.put(name, name * 100)
    assert cache.get(b"a") == b"a" * 100
    cache.put(b"d", b"d" * 100)
    assert cache.get(b"b") is None
    assert [cache.get(name) is not None for name in (b"a", b"c", b"d")] == [True] * 3
    assert cache.size_bytes == cache.limit_bytes


def test_what_is_larger_than_the_cache_is_not_kept_and_evicts_nothing() -> None:
    cache = BlobCache(1000)
    cache.put(b"a", b"a" * 100)
    cache.put(b"b", b"b" * 2000)
    assert cache.get(b"a")
    assert cache.get(b"b") is None
    BlobCache(0).put(b"a", b"")


@pytest.mark.parametrize("size", [1, 4096, 65536])
async def test_a_cached_blob_needs_no_node(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    async with rig(monkeypatch, cache_bytes=1 << 20) as r:
        data = os.urandom(size)
        (extent,) = (await r.store.write(body_of(data), Md5())).extents
        assert bytes(await r.store.read_small(extent, 0, size)) == data
        for shelf in r.shelves.values():
            shelf.mode = "down"
        assert bytes(await r.store.read_small(extent, 0, size)) == data
        assert bytes(await r.store.read_small(extent, size // 3, size)) == data[size // 3 :]
