"""The recorded commands of a Redis node are ones that Valkey and Kvrocks support too."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import hiredis
import pytest

from chunkd import ChunkMissing, Node
from chunkd.redis import COMMANDS, WANTED, WANTED_OF_KVROCKS, RedisNode
from tests.chunkd.chunks import sealed, some_id
from tests.chunkd.conftest import OpenNode
from tests.services import redis_server

PASSWORD = "hush"
# https://valkey.io/commands/ and https://kvrocks.apache.org/docs/supported-commands/ (and the commands that
# are registered in its src/commands/). On Kvrocks AUTH takes a password alone, SELECT is answered and changes
# nothing unless it is configured, SCAN matches prefixes, and CONFIG GET knows other names.
BOTH_HAVE = frozenset(
    {
        *("AUTH", "CONFIG GET", "PING", "SELECT"),
        *("APPEND", "DEL", "EXISTS", "EXPIRE", "GET", "GETRANGE", "MGET", "MSET", "PSETEX", "SCAN", "SET"),
        *("SETEX", "STRLEN", "TTL", "UNLINK"),
        *("HDEL", "HGET", "HGETALL", "HINCRBY", "HMGET", "HSET"),
    }
)


@asynccontextmanager
async def recorded(port: int) -> AsyncIterator[tuple[int, list[list[str]]]]:
    """A proxy to a server: its port, and the commands that passed, each as its words."""
    commands: list[list[str]] = []
    tasks: set[asyncio.Task[None]] = set()

    async def forward(reader: StreamReader, writer: StreamWriter, parser: hiredis.Reader | None) -> None:
        while data := await reader.read(1 << 16):
            if parser is not None:
                parser.feed(data)
                while (command := parser.gets()) is not False:
                    commands.append([word.decode("latin-1") for word in command])
            writer.write(data)
        writer.close()

    async def meet(reader: StreamReader, writer: StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        for task in (forward(reader, up_writer, hiredis.Reader()), forward(up_reader, writer, None)):
            tasks.add(asyncio.create_task(task))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], commands
    finally:
        server.close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def use(node: Node) -> None:
    """Call every method of a node."""
    chunks = [sealed(size) for size in (0, 700, 100_000)]
    await node.put_many(chunks)
    await node.get(chunks[0][0])
    await node.get_range(chunks[1][0], 5, 10)
    await node.get_range(chunks[1][0], 5, 5)
    await node.get_range(chunks[1][0], 9000, 9001)
    for missing in (node.get(some_id()), node.get_range(some_id(), 0, 5)):
        with suppress(ChunkMissing):
            await missing
    await node.delete_many([chunk_id for chunk_id, _ in chunks[:2]])
    _, cursor = await node.scan(b"", 10)
    while cursor:
        _, cursor = await node.scan(cursor, 10)
    await node.usage()
    await node.ping()
    await node.close()


async def test_only_what_valkey_and_kvrocks_have_too(tmp_path: Path, opened: OpenNode) -> None:
    redis = redis_server(tmp_path, "--requirepass", PASSWORD)
    try:
        async with recorded(redis.port) as (port, commands):
            for db in (0, 1):  # a connection greets by PING or by SELECT
                await use(await opened(f"redis://:{PASSWORD}@127.0.0.1:{port}/{db}"))
    finally:
        redis.stop()
    names = {" ".join(words[:2]) if words[0] == "CONFIG" else words[0] for words in commands}
    assert names == set(COMMANDS)
    assert names <= BOTH_HAVE
    # A server that does not know one of them answers nothing, and is warned of, or has no known capacity.
    assert {words[2] for words in commands if words[0] == "CONFIG"} == {
        *WANTED,
        *WANTED_OF_KVROCKS,
        "maxmemory",
    }
    for words in commands:  # an option may be missing where its command is there
        if words[0] in ("AUTH", "SET"):
            assert len(words) == {"AUTH": 2, "SET": 3}[words[0]]
        if words[0] == "SCAN":
            assert [words[2], words[3], words[4], len(words)] == ["MATCH", "chunk:*", "COUNT", 6]


def test_a_kvrocks_that_may_lose_what_it_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    """Kvrocks has no append-only file, and other settings."""
    node = RedisNode("redis://127.0.0.1:1/0", timeout_s=1)
    node._warn_if_not_durable({"rocksdb.write_options.sync": "yes"})
    assert not caplog.records
    node._warn_if_not_durable({"rocksdb.write_options.sync": "no"})
    assert "Set: CONFIG SET rocksdb.write_options.sync yes" in caplog.text
    assert "appendonly" not in caplog.text
