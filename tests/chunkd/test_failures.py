"""Nodes that die, hang, come back, are full or misconfigured."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from chunkd import ChunkMissing, Node, NodeDown, NodeFull, open_node
from tests import services
from tests.chunkd.chunks import sealed, some_id
from tests.chunkd.conftest import TOKEN, OpenNode
from tests.crash.redis_nodes import eventually

Running = tuple[services.Service, str]


@pytest.fixture(params=["redis", "chunkd"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """A service for one test, and its node address. It keeps chunks on disk."""
    if request.param == "redis":
        service = services.redis_server(tmp_path / "redis")
        scheme = "redis"
    else:
        service = services.chunkd(tmp_path / "chunkd", f"lmdb://{tmp_path}/nodes#one", token=TOKEN)
        scheme = "http"
    yield service, f"{scheme}://127.0.0.1:{service.port}"
    service.kill()


async def _until_up(node: Node) -> None:
    """Retry until the client reaches the node, as it backs off between attempts."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await node.ping()
            except NodeDown:
                await asyncio.sleep(0.02)


async def test_a_killed_node_is_down_at_once_and_comes_back_with_its_chunks(
    remote: Running, opened: OpenNode
) -> None:
    service, address = remote
    node = await opened(address)
    kept = [sealed(700) for _ in range(50)]
    await node.put_many(kept)
    service.pause()
    in_flight: list[Future[Any]] = [
        node.put_many([sealed(700)]),
        node.get(kept[0][0]),
        node.put_many([sealed(1 << 20)]),
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    killed_s = time.monotonic()
    service.kill()
    for future in in_flight:
        with pytest.raises(NodeDown):
            await future
    assert time.monotonic() - killed_s < 1
    with pytest.raises(NodeDown):
        await node.ping()
    service.start()
    await _until_up(node)
    for chunk_id, data in kept:
        assert bytes(await node.get(chunk_id)) == data
    await node.put_many([sealed(700)])


async def test_a_hanging_node_is_down_in_time_and_comes_back(remote: Running, tmp_path: Path) -> None:
    service, address = remote
    node = await open_node(address, base=tmp_path, token=TOKEN, timeout_s=0.4)
    chunk_id, data = sealed(700)
    await node.put_many([(chunk_id, data)])
    service.pause()
    asked_s = time.monotonic()
    waiting: list[Future[Any]] = [
        node.get(chunk_id),
        node.put_many([sealed(3 << 20)]),
        node.delete_many([some_id()]),
    ]
    for future in waiting:
        with pytest.raises(NodeDown):
            await future
    assert time.monotonic() - asked_s < 1.5
    service.resume()
    await _until_up(node)
    assert bytes(await node.get(chunk_id)) == data
    await node.close()


async def test_a_restart_between_two_calls_goes_unnoticed(remote: Running, opened: OpenNode) -> None:
    service, address = remote
    node = await opened(address)
    chunk_id, data = sealed(700)
    await node.put_many([(chunk_id, data)])
    service.stop()
    service.start()
    await asyncio.sleep(0)
    await _until_up(node)
    assert bytes(await node.get(chunk_id)) == data


@pytest.mark.parametrize("scheme", ["redis", "http"])
async def test_a_node_that_never_was_opens_and_is_down(scheme: str, opened: OpenNode) -> None:
    node = await opened(f"{scheme}://127.0.0.1:{services.free_port()}")
    calls: list[Callable[[], Future[Any]]] = [lambda: node.put_many([sealed(1)]), lambda: node.get(some_id())]
    for call in calls:
        with pytest.raises(NodeDown):
            await call()
    for asking in (node.ping(), node.usage(), node.scan(b"", 1)):
        with pytest.raises(NodeDown):
            await asking


async def _put_megabytes(node: Node, count: int) -> None:
    for _ in range(count):
        await node.put_many([sealed(1 << 20)])


async def test_a_full_redis_is_full_and_still_reads(tmp_path: Path, opened: OpenNode) -> None:
    service = services.redis_server(tmp_path / "redis", "--maxmemory", "8mb")
    node = await opened(f"redis://127.0.0.1:{service.port}")
    kept = sealed(700)
    await node.put_many([kept])
    with pytest.raises(NodeFull):
        await _put_megabytes(node, 20)
    assert bytes(await node.get(kept[0])) == kept[1]
    await node.ping()
    assert (await node.usage()).capacity_bytes == 8 << 20
    service.stop()


async def test_a_redis_that_cannot_write_to_its_disk_is_full_and_still_reads(
    tmp_path: Path, opened: OpenNode
) -> None:
    directory = tmp_path / "redis"
    service = services.redis_server(directory, "--save", "3600 1")
    node = await opened(f"redis://127.0.0.1:{service.port}")
    kept = sealed(700)
    await node.put_many([kept])
    (directory / "dump.rdb").mkdir()  # in the way of the snapshot
    with redis.Redis(port=service.port) as admin:
        admin.bgsave()
        eventually(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err")
    with pytest.raises(NodeFull, match="MISCONF"):
        await node.put_many([sealed(700)])
    assert bytes(await node.get(kept[0])) == kept[1]
    await node.ping()
    service.stop()


async def test_a_full_store_behind_chunkd_is_full(tmp_path: Path, opened: OpenNode) -> None:
    service = services.chunkd(tmp_path, "memory://?capacity=3000", token=TOKEN)
    node = await opened(f"http://127.0.0.1:{service.port}")
    await node.put_many([sealed(2000)])
    with pytest.raises(NodeFull):
        await node.put_many([sealed(2000)])
    service.stop()


async def test_a_replica_is_down_with_its_reason(
    redis: services.Service, tmp_path: Path, opened: OpenNode
) -> None:
    service = services.redis_server(tmp_path / "redis", "--replicaof", f"127.0.0.1 {redis.port}")
    node = await opened(f"redis://127.0.0.1:{service.port}")
    with pytest.raises(NodeDown, match=r"READONLY|LOADING|MASTERDOWN"):
        await node.ping()
    service.stop()


async def test_passwords_are_needed_and_never_shown(tmp_path: Path, opened: OpenNode) -> None:
    service = services.redis_server(tmp_path / "redis", "--requirepass", "secret word")
    right = await opened(f"redis://:secret%20word@127.0.0.1:{service.port}/2")
    await right.put_many([sealed(5)])
    wrong = await opened(f"redis://:mistaken@127.0.0.1:{service.port}/2")
    with pytest.raises(NodeDown, match=r"WRONGPASS|invalid password") as caught:
        await wrong.ping()
    assert "mistaken" not in str(caught.value)
    assert "secret" not in right.address
    service.stop()


async def test_a_redis_that_may_lose_chunks_is_told_loudly_once(
    tmp_path: Path, opened: OpenNode, caplog: pytest.LogCaptureFixture
) -> None:
    service = services.redis_server(tmp_path / "redis", "--appendfsync", "everysec")
    with caplog.at_level(logging.WARNING, "chunkd.redis"):
        node = await opened(f"redis://127.0.0.1:{service.port}")
        await node.ping()
        await node.usage()
        await node.ping()
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        "appendfsync is everysec. Set: CONFIG SET appendfsync always"
    ]
    service.stop()


async def test_counters_that_drifted_are_set_right_by_a_scan(
    redis: services.Service, opened: OpenNode
) -> None:
    node = await opened(f"redis://127.0.0.1:{redis.port}/450")
    chunk_id, data = sealed(1000)
    for _ in range(5):
        await node.put_many([(chunk_id, data)])
    assert (await node.usage()).chunks == 5
    cursor, pages = b"", 0
    while cursor or not pages:
        _, cursor = await node.scan(cursor, 100)
        pages += 1
    usage = await node.usage()
    assert (usage.chunks, usage.used_bytes) == (1, len(data))


async def test_a_closed_node_is_down(node: Node) -> None:
    await node.close()
    futures: list[Future[Any]] = [
        node.put_many([sealed(5)]),
        node.get(some_id()),
        node.delete_many([some_id()]),
    ]
    for future in futures:
        with pytest.raises((NodeDown, ChunkMissing)) as caught:
            await future
        assert isinstance(caught.value, NodeDown)


@pytest.mark.parametrize("said", [b"{}", b"[]", b"null", b'{"used_bytes": "many"}', b"<html>"])
async def test_a_server_that_is_no_chunkd_is_down(opened: OpenNode, said: bytes) -> None:
    """Another server may have the address of a node that died."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
        )
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        node = await opened(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for asked in (node.usage, lambda: node.scan(b"", 10)):
            with pytest.raises(NodeDown):
                await asked()
