"""Connecting by host name, with slow resolvers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chunkd import NodeDown
from chunkd.connector import Host
from chunkd.http import LARGE_BYTES
from tests import services
from tests.chunkd.chunks import sealed
from tests.chunkd.conftest import OpenNode

NAME = "chunkd.test"


class Resolver:
    """A resolver that knows `NAME`, counts look-ups, and answers once `quick` is set."""

    def __init__(self, getaddrinfo: Any) -> None:
        self._getaddrinfo, self.asked, self.quick = getaddrinfo, 0, threading.Event()
        self.quick.set()

    def __call__(self, host: str, *args: Any, **more: Any) -> Any:
        if host != NAME:
            return self._getaddrinfo(host, *args, **more)
        self.asked += 1
        self.quick.wait()
        return self._getaddrinfo("127.0.0.1", *args, **more)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.quick.set()


async def test_a_node_that_answers_is_not_down_for_its_resolver(
    resolver: Resolver, chunkd_memory: services.Service, opened: OpenNode
) -> None:
    node = await opened(f"http://{NAME}:{chunkd_memory.port}")
    await node.ping()
    resolver.quick.clear()
    chunks = [sealed(LARGE_BYTES) for _ in range(9)]  # on a lane that had no connection yet
    await node.put_many(chunks)
    assert await asyncio.gather(*(node.get(chunk_id) for chunk_id, _ in chunks)) == [
        data for _, data in chunks
    ]
    assert resolver.asked == 1


async def test_look_ups_that_hang_are_one_thread(
    resolver: Resolver, chunkd_memory: services.Service, opened: OpenNode
) -> None:
    node = await opened(f"http://{NAME}:{chunkd_memory.port}")
    resolver.quick.clear()
    for _ in range(2):
        with pytest.raises(NodeDown, match="no answer in time"):
            await asyncio.gather(node.ping(), node.put_many([sealed(LARGE_BYTES)]))
        # What the event loop's own threads do goes on meanwhile.
        await asyncio.gather(*(asyncio.to_thread(int) for _ in range(64)))
    assert resolver.asked == 1


class Ended(asyncio.Protocol):
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


async def test_a_name_is_looked_up_again_once_no_connection_is_open(resolver: Resolver) -> None:
    taken: list[Any] = []
    async with _serving(taken) as port:
        host = Host(NAME, port)
        ends = [await host.connect(Ended) for _ in range(2)]
        assert resolver.asked == 1
        for transport in taken:
            transport.abort()
        await asyncio.gather(*(end.ended.wait() for end in ends))
        await host.connect(Ended)
        assert resolver.asked == 2


async def test_a_name_that_nobody_knows(opened: OpenNode) -> None:
    node = await opened("http://no-such-host.invalid:1")
    with pytest.raises(NodeDown, match=r"no-such-host\.invalid: "):
        await node.ping()


async def test_a_name_that_cannot_be(opened: OpenNode) -> None:
    node = await opened(f"redis://{'x' * 64}.invalid:1")
    with pytest.raises(NodeDown, match="label"):
        await node.ping()


@asynccontextmanager
async def _serving(taken: list[Any]) -> AsyncIterator[int]:
    """A listening port, and the transports of its connections."""

    class Taking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken.append(transport)

    async with await asyncio.get_running_loop().create_server(Taking, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for transport in taken:
            transport.abort()
