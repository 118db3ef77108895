"""The shared cache over a real Redis: hits need no node, and its failures never fail a read."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hiredis
import pytest
from pydantic import SecretStr

from metadata.records import Content
from s3api.blobs import shared_cache
from s3api.blobs.shared_cache import PREFIX, SharedCache
from s3api.crypto import ContentKey
from tests import services
from tests.blobs.cluster_of import Rig, body_of, rig
from tests.blobs.test_store import Md5

SIZE = 4096


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[services.Service]:
    service = services.redis_server(tmp_path / "cache")
    yield service
    service.stop()


def address(redis: services.Service) -> str:
    return f"redis://127.0.0.1:{redis.port}/0"


async def read(r: Rig, content: Content, key: ContentKey | None = None) -> bytes:
    return bytes(await r.store.read_small(content.extents[0], 0, content.size, key))


async def written(r: Rig, data: bytes, key: ContentKey | None = None) -> Content:
    return await r.store.write(body_of(data), Md5(), key)


async def said(redis: services.Service, *words: bytes) -> object:
    """Send one command to the Redis and return its reply."""
    reader, writer = await asyncio.open_connection("127.0.0.1", redis.port)
    writer.write(hiredis.pack_command(words))  # type: ignore[arg-type]
    parser = hiredis.Reader(notEnoughData=Ellipsis)
    while (reply := parser.gets()) is Ellipsis:
        parser.feed(await reader.read(65536))
    writer.close()
    await writer.wait_closed()
    return reply


async def test_what_one_gateway_read_another_finds(
    monkeypatch: pytest.MonkeyPatch, redis: services.Service
) -> None:
    data, key = os.urandom(SIZE), ContentKey.new()
    async with rig(monkeypatch, cache=SecretStr(address(redis)), cache_ttl_s=77) as one:
        plain, sealed = await written(one, data), await written(one, data, key)
        assert await read(one, plain) == await read(one, sealed, key) == data
        async with rig(monkeypatch, cache=SecretStr(address(redis))) as other:  # whose nodes have nothing
            assert await read(other, plain) == await read(other, sealed, key) == data
            cache = other.store.caches()["shared"]
            assert (cache.hits, cache.misses) == (2, 0)
    name = PREFIX + sealed.extents[0].blob.id
    kept = await said(redis, b"GET", name)
    assert isinstance(kept, bytes)
    assert len(kept) > SIZE
    assert data[:64] not in kept
    assert 0 < int(str(await said(redis, b"TTL", name))) <= 77


async def test_what_is_asked_for_at_once_is_one_write(redis: services.Service) -> None:
    cache = SharedCache(address(redis), ttl_s=60)
    await cache.get(b"x")
    before = cache._connection.writes
    for at in range(20):
        cache.put(b"%d" % at, b"v%d" % at)
    got = await asyncio.gather(*(cache.get(b"%d" % at) for at in range(25)))
    assert got == [*(b"v%d" % at for at in range(20)), *[None] * 5]
    assert cache._connection.writes == before + 1
    await cache.close()


async def test_large_blobs_stay_out_and_what_is_damaged_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, redis: services.Service
) -> None:
    async with rig(monkeypatch, cache=SecretStr(address(redis))) as r:
        data = os.urandom(SIZE)
        large, small = await written(r, os.urandom(shared_cache.MOST_BYTES + 1)), await written(r, data)
        await read(r, large)
        await read(r, small)
        name = PREFIX + small.extents[0].blob.id
        assert await said(redis, b"DBSIZE") == 1
        await said(redis, b"SETRANGE", name, b"900", b"\0\0\0\0\0\0")
        assert await read(r, small) == data
        await said(redis, b"LPUSH", b"other", b"x")
        await said(redis, b"RENAME", b"other", name)
        assert await read(r, small) == data


async def test_killed_hung_and_back(
    monkeypatch: pytest.MonkeyPatch, redis: services.Service, caplog: pytest.LogCaptureFixture
) -> None:
    """All reads go on without the cache, and one line is logged."""
    monkeypatch.setattr(shared_cache, "FIRST_PAUSE_S", 0.2)
    monkeypatch.setattr(shared_cache, "LONGEST_PAUSE_S", 0.2)
    caplog.set_level(logging.INFO, "sixfold.cache")
    async with rig(monkeypatch, cache=SecretStr(address(redis))) as r:
        data = os.urandom(SIZE)
        content = await written(r, data)
        cache = r.store.caches()["shared"]

        async def read_on(until: str) -> None:
            async with asyncio.timeout(20):
                while not any(until in line.message for line in caplog.records):
                    assert set(await asyncio.gather(*(read(r, content) for _ in range(8)))) == {data}

        await read(r, content)
        for end, again in ((redis.kill, redis.start), (redis.pause, redis.resume)):
            caplog.clear()
            end()
            await read_on("is skipped")
            assert [await read(r, content) for _ in range(5)] == [data] * 5
            again()
            await read_on("answers again")
            assert len(caplog.records) == 2
        hits = cache.hits
        await read(r, content)
        assert await read(r, content) == data
        assert cache.hits > hits
