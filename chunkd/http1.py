"""A minimal HTTP/1.1 client connection: one request at a time, kept alive between requests."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import httptools

from chunkd.batch_format import MAX_BODY_BYTES, MEDIA_TYPE
from chunkd.connector import Host
from chunkd.node import JOIN_BYTES, Buffer

MAX_ANSWER_BYTES = 4 * MAX_BODY_BYTES


class ConnectionBroken(Exception):
    """The connection broke, or the response is not HTTP."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response. `keep`: the connection can carry another request."""

    status: int
    body: bytes
    keep: bool

    def reason(self) -> str:
        """The reason of a refusal, for logs."""
        said = self.body[:200].decode(errors="replace")
        if self.status == 401:
            return "401: chunkd refused the token; it must be the CHUNKD_TOKEN of that server"
        return f"{self.status}: {said}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, and the headers of every request to it."""

    host: Host
    authority: str
    token: str | None = field(default=None, repr=False)

    async def connect(self) -> HttpConnection:
        """Open a connection. Raises OSError."""
        head = f"Host: {self.authority}\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        return await self.host.connect(lambda: HttpConnection(head))


class HttpConnection(asyncio.Protocol):
    """One connection."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._transport: asyncio.Transport | None = None
        self._lost: str | None = None
        self._waiter: Future[Response] | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._parser = httptools.HttpResponseParser(self)

    def request(self, method: str, path: str, pieces: Sequence[Buffer]) -> Future[Response]:
        """Send a request. The future gets the response, or ConnectionBroken.

        The pieces must stay unchanged until then, or until `abort`.
        """
        self._waiter = asyncio.get_running_loop().create_future()
        if self._lost is not None or self._transport is None:
            self._waiter.set_exception(ConnectionBroken(self._lost or "not connected"))
            return self._waiter
        size = sum(map(len, pieces))
        body = f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {size}\r\n" if method == "POST" else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{body}\r\n".encode()
        self._body, self._size = [], 0
        if size <= JOIN_BYTES:
            self._transport.write(b"".join((head, *pieces)))
        else:
            self._transport.writelines((head, *pieces))
        return self._waiter

    def give_up(self) -> None:
        """Stop waiting for the response: its future fails with ConnectionBroken."""
        self._break("no answer in time")

    def abort(self) -> None:
        """Close the connection without sending what is queued."""
        self._lost = self._lost or "hung up"
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(f"the connection broke: {exc or 'the server hung up'}")

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self._break("an unexpected response")
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(f"not HTTP: {error}")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._size += len(body)
        if self._size > MAX_ANSWER_BYTES:
            self._break("a response larger than allowed")

    def on_message_complete(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        exchange = Response(self._parser.get_status_code(), body, self._parser.should_keep_alive())
        self._waiter.set_result(exchange)

    def _break(self, why: str) -> None:
        self._lost = self._lost or why
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionBroken(self._lost))
            self._waiter.exception()
        self.abort()
