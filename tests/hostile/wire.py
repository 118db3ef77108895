"""Bare sockets: requests as no client library would send them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from compat_tests.handmade import Raw, head_of
from compat_tests.support import Endpoint
from tests.gateway_process import GatewayProcess

OPEN = b"<the connection stays open>"
HOST = b"Host: 127.0.0.1\r\n"


def raw_of(gateway: GatewayProcess) -> Raw:
    return Raw(Endpoint(gateway.endpoint, gateway.access_key, gateway.secret_key, "us-east-1"))


def head(gateway: GatewayProcess, method: str, path: str, *lines: bytes, **more: Any) -> bytes:
    """A signed request's head without Content-Length; `lines` are added unsigned, as they stand."""
    payload = more.pop("payload", "UNSIGNED-PAYLOAD")
    request = raw_of(gateway).signed(method, path, payload=payload, **more)
    request.headers.pop("content-length", None)
    return head_of(request)[:-2] + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


@contextmanager
def connected(gateway: GatewayProcess, *, timeout_s: float = 20.0) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=timeout_s) as connection:
        yield connection


def talk(gateway: GatewayProcess, *pieces: bytes, quiet_s: float = 1.0) -> bytes:
    """All that is answered until the server closes, or says nothing for `quiet_s` (then OPEN ends it)."""
    answer = b""
    with connected(gateway, timeout_s=quiet_s) as connection:
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        try:
            while data := connection.recv(1 << 16):
                answer += data
        except TimeoutError:
            return answer + OPEN
        except ConnectionError:
            return answer
    return answer


def statuses(answer: bytes) -> list[int]:
    """The status of each answer in turn."""
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
