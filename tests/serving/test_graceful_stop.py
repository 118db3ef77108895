"""Graceful stop on SIGTERM: running requests end, acknowledged writes are kept, and the process exits 0."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

from tests.gateway_process import GatewayProcess


def test_what_is_under_way_ends_and_the_exit_is_0(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data") as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as raw:
            raw.sendall(b"PUT /api/file HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                        b"Content-Length: 10\r\n\r\n")  # fmt: skip
            assert raw.recv(1000).startswith(b"HTTP/1.1 100 ")  # it waits for the body
            codes: list[int] = []
            stopping = threading.Thread(target=lambda: codes.append(gateway.stop(signal.SIGTERM)))
            stopping.start()
            while _accepts(gateway.port):
                pass
            raw.sendall(b"0123456789")
            answer = raw.recv(1000)
            assert answer.startswith(b"HTTP/1.1 201 ")
            stopping.join()
        assert codes == [0]
        gateway.start()
        with gateway.http() as client:
            assert len(client.get("/api/file").json()["files"]) == 1


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
