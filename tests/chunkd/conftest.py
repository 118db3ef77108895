"""Fixtures: nodes of every kind, over real services. Add a new kind to `KINDS`."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from chunkd import Node, open_node
from tests import services

TOKEN = "a token for tests"
KINDS = ("memory", "lmdb", "lmdb-exclusive", "redis", "valkey", "http-memory", "http-redis")
_number = itertools.count()

OpenNode = Callable[[str], Awaitable[Node]]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Service]:
    service = services.redis_server(tmp_path_factory.mktemp("redis"), "--databases", "500")
    yield service
    service.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Service]:
    program = services.valkey_program()
    if program is None:
        pytest.skip("there is no valkey-server")
    service = services.valkey_server(program, tmp_path_factory.mktemp("valkey"), "--databases", "500")
    yield service
    service.stop()


@pytest.fixture(scope="session")
def chunkd_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Service]:
    service = services.chunkd(tmp_path_factory.mktemp("chunkd"), "memory://", token=TOKEN)
    yield service
    service.stop()


@pytest.fixture(scope="session")
def chunkd_redis(
    tmp_path_factory: pytest.TempPathFactory, redis: services.Service
) -> Iterator[services.Service]:
    store = f"redis://127.0.0.1:{redis.port}/0"
    service = services.chunkd(tmp_path_factory.mktemp("chunkd"), store, token=TOKEN)
    yield service
    service.stop()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[OpenNode]:
    """A function that opens a node, which is closed after the test."""
    nodes: list[Node] = []

    async def opening(address: str) -> Node:
        exclusive = address.startswith("lmdb:exclusive")
        nodes.append(await open_node(address, base=tmp_path, token=TOKEN, timeout_s=2, exclusive=exclusive))
        return nodes[-1]

    yield opening
    for node in nodes:
        await node.close()


@pytest.fixture(params=KINDS)
async def node(request: pytest.FixtureRequest, opened: OpenNode) -> Node:
    """An empty node of each kind."""
    node = await opened(_address(request))
    cursor, first = b"", True
    while first or cursor:
        first = False
        page, cursor = await node.scan(cursor, 1000)
        await node.delete_many([chunk_id for chunk_id, _ in page])
    return node


def _address(request: pytest.FixtureRequest) -> str:
    kind = request.param
    if kind == "memory":
        return "memory://test"
    if kind == "lmdb-exclusive":
        return "lmdb:exclusive#one"
    if kind == "lmdb":
        return "lmdb:nodes#one"
    port = request.getfixturevalue(kind.replace("http-", "chunkd_")).port
    if kind in ("redis", "valkey"):
        return f"redis://127.0.0.1:{port}/{1 + next(_number) % 400}"
    return f"http://127.0.0.1:{port}"
