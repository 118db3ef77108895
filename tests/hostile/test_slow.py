"""Clients that are slow on purpose: none of them keeps a connection, a buffer or a request for ever."""

from __future__ import annotations

import socket
import time

import pytest

from compat_tests.streams import Stream
from tests.crash.redis_nodes import eventually
from tests.gateway_process import GatewayProcess
from tests.hostile.conftest import BUCKET, IDLE_S
from tests.hostile.wire import connected, head, raw_of

MIB = 1 << 20
CLIENTS = 40
BIG_BYTES = 30 * MIB


@pytest.fixture(scope="module")
def big(impatient: GatewayProcess) -> str:
    impatient.s3().put_object(Bucket=BUCKET, Key="big", Body=bytes(BIG_BYTES))
    return f"/{BUCKET}/big"


def read_to_end(connection: socket.socket) -> int:
    got = 0
    try:
        while data := connection.recv(1 << 20):
            got += len(data)
    except ConnectionError:
        pass
    return got


def test_a_body_that_stops(impatient: GatewayProcess) -> None:
    with connected(impatient) as connection:
        connection.sendall(head(impatient, "PUT", f"/{BUCKET}/slow", b"Content-Length: 1000") + b"x" * 999)
        answer = connection.recv(1 << 16)
        assert b"<Code>RequestTimeout</Code>" in answer
        assert b"connection: close" in answer or answer.startswith(b"HTTP/1.1 400")


def test_a_download_that_nobody_takes(impatient: GatewayProcess, big: str) -> None:
    """It is broken off, and others go on meanwhile."""
    with connected(impatient, timeout_s=30) as connection:
        connection.sendall(head(impatient, "GET", big))
        time.sleep(IDLE_S * 3)  # it is the silence that is tested
        assert impatient.s3().get_object(Bucket=BUCKET, Key="k")["Body"].read()
        assert read_to_end(connection) < BIG_BYTES
    assert "Traceback" not in impatient.log()


def test_a_download_that_is_slow_but_goes_on(impatient: GatewayProcess, big: str) -> None:
    with connected(impatient, timeout_s=30) as connection:
        connection.sendall(head(impatient, "GET", big, b"Connection: close"))
        got = 0
        for _ in range(6):
            got += len(connection.recv(1 << 20))
            time.sleep(IDLE_S / 2)
        assert got + read_to_end(connection) > BIG_BYTES


def test_downloads_that_nobody_takes_hold_little(impatient: GatewayProcess, big: str) -> None:
    """Two stripes each would be 12 MiB a client."""
    before = impatient.memory_bytes()
    connections = [socket.socket() for _ in range(CLIENTS)]
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.connect(("127.0.0.1", impatient.port))
        connection.sendall(head(impatient, "GET", big))
    deadline = time.monotonic() + IDLE_S
    most = 0
    while time.monotonic() < deadline:
        most = max(most, impatient.memory_bytes())
        time.sleep(0.02)
    for connection in connections:
        connection.close()
    assert most - before < 260 * MIB
    eventually(impatient.is_ready)


def test_many_uploads_at_once_hold_little(impatient: GatewayProcess) -> None:
    """A body in chunks of one byte must not take a Python object per byte."""
    before = impatient.memory_bytes()
    tiny = Stream(raw_of(impatient), f"/{BUCKET}/tiny", bytes(MIB), signed=False, chunk_bytes=1)
    assert tiny.send().status == 200
    assert impatient.memory_bytes() - before < 60 * MIB


def test_an_answered_unread_body_does_not_keep_the_connection(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("alive") / "data"
    with (
        GatewayProcess(data, environment={"SIXFOLD_KEEP_ALIVE_S": "1"}) as gateway,
        connected(gateway) as connection,
    ):
        connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        answer = connection.recv(1 << 16)
        connection.sendall(b"hello")
        while data := connection.recv(1 << 16):  # until it is closed; a time-out fails the test
            answer += data
        assert answer.startswith(b"HTTP/1.1 404")
