"""Clients that disconnect in the middle of a body leave no chunk on a node and no row in the metadata."""

from __future__ import annotations

import socket
import sqlite3
import struct
from collections.abc import Iterator

import pytest

from compat_tests.handmade import head_of
from compat_tests.streams import Stream
from tests.crash.redis_nodes import eventually
from tests.crash.remains import lying_about, tidied
from tests.gateway_process import GatewayProcess
from tests.hostile.wire import connected, head, raw_of

BUCKET = "leavers"
MIB = 1 << 20


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("leavers") / "data") as gateway:
        gateway.s3().create_bucket(Bucket=BUCKET)
        yield gateway


def rows(gateway: GatewayProcess) -> dict[str, int]:
    with sqlite3.connect(gateway.data / "metadata.sqlite3") as connection:
        names = ("object", "part", "extent", "blob", "garbage", "pending", "repair")
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    connection.close()
    return counts


def chunks_on_nodes(gateway: GatewayProcess) -> int:
    with gateway.http() as client:
        return sum(node["chunks"] for node in client.get("/api/nodes").json()["nodes"])


def leave(connection: socket.socket, how: str) -> None:
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def request_of(gateway: GatewayProcess, kind: str, size: int) -> tuple[bytes, bytes]:
    """(head, body) of a PUT of `size` bytes."""
    body = bytes(range(256)) * (size // 256)
    path = f"/{BUCKET}/left-{kind}-{size}"
    if kind == "plain":
        return head(gateway, "PUT", path, b"Content-Length: %d" % size), body
    if kind == "chunked":
        framed = b"".join(b"10000\r\n" + body[at : at + 65536] + b"\r\n" for at in range(0, size, 65536))
        return head(gateway, "PUT", path, b"Transfer-Encoding: chunked"), framed
    trailers = {"x-amz-checksum-crc32": "AAAAAA=="} if kind == "trailer" else {}
    request = Stream(raw_of(gateway), path, body, signed=kind == "signed", trailers=trailers).request()
    return head_of(request), request.body


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("size", [65536, 5 * MIB, 20 * MIB])
@pytest.mark.parametrize("kind", ["plain", "chunked", "signed", "trailer"])
def test_nothing_is_left(left_alone: GatewayProcess, kind: str, size: int, how: str) -> None:
    start, body = request_of(left_alone, kind, size)
    for sent in (0, len(body) // 2, len(body) - 1):
        with connected(left_alone) as connection:
            connection.sendall(start + body[:sent])
            leave(connection, how)
    eventually(lambda: not any(rows(left_alone).values()))


async def test_and_no_chunk_lies_anywhere(left_alone: GatewayProcess) -> None:
    """Check the nodes before the orphan sweep could have deleted anything."""
    eventually(lambda: not any(rows(left_alone).values()))
    eventually(lambda: chunks_on_nodes(left_alone) == 0)
    left_alone.stop()
    assert "Traceback" not in left_alone.log()
    assert "orphaned" not in left_alone.log()
    async with tidied(left_alone.data) as store:
        assert not await lying_about(store)
