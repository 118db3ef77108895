"""Redis nodes and chunkd servers: one write per turn of the loop, tokens, the HTTP API."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from chunkd import NodeDown, frame, open_node
from chunkd.batch_format import (
    GET,
    MEDIA_TYPE,
    OK,
    PUT,
    BatchError,
    Operation,
    read_operations,
    read_results,
    write_operation,
)
from chunkd.http import HttpNode
from chunkd.redis import COMMANDS, RedisNode
from chunkd.settings import Settings
from tests import services
from tests.chunkd.chunks import sealed, some_id
from tests.chunkd.conftest import TOKEN, OpenNode

BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_all_commands_of_one_turn_are_one_write(redis: services.Service, opened: OpenNode) -> None:
    node = await opened(f"redis://127.0.0.1:{redis.port}/451")
    assert isinstance(node, RedisNode)
    await node.usage()
    before = node._connection.writes
    await asyncio.gather(
        *(node.put_many([sealed(700)]) for _ in range(50)), *(node.delete_many([some_id()]) for _ in range(9))
    )
    assert node._connection.writes == before + 1


async def test_all_operations_of_one_turn_are_one_request(
    chunkd_memory: services.Service, opened: OpenNode
) -> None:
    node = await opened(f"http://127.0.0.1:{chunkd_memory.port}")
    assert isinstance(node, HttpNode)
    await node.ping()
    before = node.requests
    await asyncio.gather(
        *(node.put_many([sealed(700)]) for _ in range(50)), *(node.delete_many([some_id()]) for _ in range(9))
    )
    assert node.requests == before + 1


async def test_only_the_listed_commands_are_sent(tmp_path: Path, opened: OpenNode) -> None:
    service = services.redis_server(tmp_path / "redis", "--requirepass", "word")
    node = await opened(f"redis://:word@127.0.0.1:{service.port}/3")
    assert isinstance(node, RedisNode)
    chunk = sealed(10)
    await node.put_many([chunk])
    await node.scan(b"", 10)
    await asyncio.gather(node.get(chunk[0]), node.get_range(chunk[0], 1, 2), node.get_range(chunk[0], 90, 99))
    await node.delete_many([chunk[0]])
    await asyncio.gather(node.ping(), node.usage())
    stats = bytes(await node._ask(b"INFO", b"commandstats")).decode()
    sent = {line[8:].split(":")[0].replace("|", " ").upper() for line in stats.splitlines()[1:]}
    assert sent <= {*COMMANDS, "INFO"}
    service.stop()


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_wrong_token_is_down_with_the_reason(
    chunkd_memory: services.Service, tmp_path: Path, token: str | None
) -> None:
    node = await open_node(f"http://127.0.0.1:{chunkd_memory.port}", base=tmp_path, token=token, timeout_s=2)
    with pytest.raises(NodeDown, match="401"):
        await node.ping()
    with pytest.raises(NodeDown, match="401"):
        await node.put_many([sealed(5)])
    await node.close()


async def test_batches_one_behind_the_other_are_answered_in_order(chunkd_memory: services.Service) -> None:
    """Pipelined requests: valid and invalid batches, and other requests between them."""
    name, data = sealed(700)
    put = b"".join(map(bytes, write_operation(Operation(PUT, name, data))))
    get = b"".join(map(bytes, write_operation(Operation(GET, name))))
    head = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {MEDIA_TYPE}\r\n"

    def batch(body: bytes) -> bytes:
        return f"POST /batch HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    usage = f"GET /usage HTTP/1.1\r\n{head}\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", chunkd_memory.port)
    writer.write(b"".join((batch(put), batch(put[:-1]), usage, batch(get), batch(b"\x09" * 20), batch(get))))
    answers = []
    for _ in range(6):
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(said.partition(b"content-length: ")[2].split(b"\r\n")[0])
        answers.append((int(said.split()[1]), await reader.readexactly(length)))
    assert [status for status, _ in answers] == [200, 400, 200, 200, 400, 200]
    assert b"used_bytes" in answers[2][1]
    assert [list(read_results(answers[at][1])) for at in (0, 3, 5)] == [[(OK, b"")], *[[(OK, data)]] * 2]
    writer.close()


async def test_a_refused_upload_is_not_read(chunkd_memory: services.Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", chunkd_memory.port)
    writer.write(
        b"PUT /chunks/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" % some_id().hex().encode()
    )
    assert b" 401 " in await asyncio.wait_for(reader.readline(), 2)
    writer.close()


def test_without_a_token_only_loopback_is_served() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "storage.example"):
        with pytest.raises(ValidationError, match="needs a token"):
            Settings(host=host, store="memory://", token=None)
        Settings.model_validate({"host": host, "store": "memory://", "token": "x"})
    for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        Settings(host=host, store="memory://", token=None)


def test_the_command_refuses_to_start_open_to_others() -> None:
    environment = {"CHUNKD_HOST": "0.0.0.0", "CHUNKD_STORE": "memory://", "CHUNKD_TOKEN": ""}
    done = subprocess.run(
        [sys.executable, "-m", "chunkd"], env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode != 0
    assert "needs a token" in done.stderr


def test_a_token_is_not_shown() -> None:
    assert "hidden" not in repr(Settings.model_validate({"store": "memory://", "token": "hidden"}))


async def test_chunks_by_plain_http(chunkd_memory: services.Service) -> None:
    chunk_id, data = sealed(3000)
    url = f"http://127.0.0.1:{chunkd_memory.port}/chunks/{chunk_id.hex()}"
    async with httpx.AsyncClient(headers=BEARER) as client:
        assert (await client.get(url)).status_code == 404
        assert (await client.put(url, content=data)).status_code == 204
        whole, head = await client.get(url), await client.head(url)
        assert (whole.status_code, whole.content) == (200, data)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(data)), b"")
        ranges = {
            "bytes=5-9": data[5:10],
            "bytes=-7": data[-7:],
            "bytes=3000-": data[3000:],
            "bytes=0-99999": data,
        }
        for wanted, expected in ranges.items():
            part = await client.get(url, headers={"Range": wanted})
            assert (part.status_code, part.content) == (206, expected)
        assert (await client.get(url, headers={"Range": "bytes=5000-"})).status_code == 416
        assert (await client.delete(url)).status_code == 204
        assert (await client.head(url)).status_code == 404
        assert (await client.post(url)).status_code == 405


async def test_a_damaged_chunk_is_never_stored(chunkd_memory: services.Service, opened: OpenNode) -> None:
    chunk_id, data = sealed(3000)
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    url = f"http://127.0.0.1:{chunkd_memory.port}/chunks/{chunk_id.hex()}"
    async with httpx.AsyncClient(headers=BEARER) as client:
        assert (await client.put(url, content=damaged)).status_code == 400
        assert (await client.get(url)).status_code == 404
    node = await opened(f"http://127.0.0.1:{chunkd_memory.port}")
    with pytest.raises(NodeDown, match="refused"):
        await node.put_many([(chunk_id, damaged)])


async def test_bad_requests_are_refused(chunkd_memory: services.Service) -> None:
    base = f"http://127.0.0.1:{chunkd_memory.port}"
    async with httpx.AsyncClient(headers=BEARER) as client:
        for path in ("/chunks/", "/chunks/xyz", "/chunks/" + "00" * 300, "/chunks/../x", "/chunks/é"):
            assert (await client.get(base + path)).status_code in (400, 404)
        assert (await client.post(base + "/batch", content=b"")).status_code == 400
        batch = {"Content-Type": MEDIA_TYPE}
        assert (await client.post(base + "/batch", content=b"\xff" * 30, headers=batch)).status_code == 400
        assert (await client.get(base + "/scan?cursor=zz")).status_code == 400
        assert (await client.get(base + "/scan?limit=100000")).status_code == 422
        assert (await client.get(base + "/nothing")).status_code == 404
    async with httpx.AsyncClient() as client:
        assert (await client.get(base + "/health")).json() == {"status": "ok"}
        assert (await client.get(base + "/usage")).status_code == 401
        assert (await client.get(base + "/docs")).status_code == 200


def test_a_batch_cut_anywhere_is_refused() -> None:
    whole = b"".join(map(bytes, write_operation(Operation(PUT, b"id", b"data"))))
    assert read_operations(whole) == [Operation(PUT, b"id", b"data", 4, 0)]
    for length in range(1, len(whole)):
        with pytest.raises(BatchError):
            read_operations(whole[:length])


@pytest.mark.parametrize(
    "address", ["ftp://x", "nothing", "http://", "http://h/path", "redis://h/x", "lmdb://x/y", ""]
)
async def test_what_is_no_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        await open_node(address, base=tmp_path)


async def test_a_server_over_lmdb(tmp_path: Path, opened: OpenNode) -> None:
    service = services.chunkd(tmp_path, f"lmdb://{tmp_path}/nodes#one", token=TOKEN)
    node = await opened(f"http://127.0.0.1:{service.port}")
    chunk_id, data = sealed(1 << 20)
    await node.put_many([(chunk_id, data)])
    assert bytes(frame.decode(chunk_id, await node.get(chunk_id))) == data[frame.header_length(1 << 20) :]
    service.stop()
