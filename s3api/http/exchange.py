"""One S3 request and its answer, directly on the connection.

ASGI would make a dictionary of every request, messages of its body and two more of its answer, and check each
again. That is half of the cost of a small GET. An `Exchange` is the gateway's `Request`, whose body comes
from the parser, and an `Answer`, which sends the head in one write with as much of the body as there is. It
keeps uvicorn's promises: 100-continue when the body is first read, back-pressure both ways, and a connection
that is closed short of Content-Length if an answer fails half-way.
"""

from __future__ import annotations

import asyncio
import fcntl
import http
import logging
import sys
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl

from chunkd import Buffer
from s3api.body import ClientGone
from s3api.http.application import S3Application
from s3api.http.request import Body, Count, RawHeaders, Request, Scope
from s3api.tasks.first_step import in_task

log = logging.getLogger("sixfold.http")
MOST_PIECES = 16
JOINED_BYTES = 32 << 10  # a body up to this size is copied behind its head: cheaper than writelines
BODILESS = frozenset({204, 304})
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STATUS_LINE = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in http.HTTPStatus}


class Connection(Protocol):
    """What an exchange needs of its connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: FlowControl
    stall_s: float

    def on_response_complete(self) -> None: ...


class Exchange(Request):
    """A request from the parser, and the way to answer it."""

    __slots__ = (
        "_arrived", "_connection", "_held", "_more", "_waiter",
        "awaited", "disconnected", "keep_alive", "response_complete", "started",
    )  # fmt: skip

    def __init__(self, connection: Connection, scope: Scope, *, keep_alive: bool, awaited: bool) -> None:
        super().__init__(scope, _nothing)
        self._connection = connection
        self.keep_alive, self.awaited = keep_alive, awaited
        self.disconnected = self.started = self.response_complete = False
        self._arrived: list[bytes] = []
        self._held, self._more = 0, True
        self._waiter: asyncio.Future[None] | None = None

    # --- events of the connection ------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes of the body."""
        if self.response_complete:
            return
        self._arrived.append(data)
        self._held += len(data)
        if self._held > HIGH_WATER_LIMIT:
            self._connection.flow.pause_reading()
        self._wake()

    def end(self) -> None:
        """Note that the body is complete."""
        self._more = False
        self._wake()

    def lost(self) -> None:
        """Note that the client has closed the connection."""
        if not self.response_complete:
            self.disconnected = True
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- the request's body --------------------------------------------------------------------

    async def pieces(self) -> Sequence[Buffer]:
        """Return the next bytes of the body, () at its end: a `body.Source`. Raises ClientGone."""
        if self.ended:
            return ()
        while not self._arrived:
            if not self._more:
                self.ended = True
                return ()
            if self.disconnected:
                raise ClientGone
            if self.awaited:
                self.awaited = False
                self._connection.transport.write(CONTINUE)
            self._connection.flow.resume_reading()
            self._waiter = self._connection.loop.create_future()
            await self._waiter
        arrived, self._arrived = self._arrived, []
        self.received += self._held
        self._held, self.ended = 0, not self._more
        return arrived if len(arrived) <= MOST_PIECES else (b"".join(arrived),)

    # --- the answer ------------------------------------------------------------------------------

    async def run(self, app: S3Application) -> None:
        """Let the application answer. Raises nothing but a cancellation."""
        try:
            await app.answer_s3(self, self.answer)
        except Exception:
            log.exception("an answer failed unexpectedly")
        finally:
            if not self.response_complete:
                self._connection.transport.close()

    async def answer(
        self,
        status: int,
        headers: RawHeaders,
        body: Body,
        *,
        head: bool = False,
        count: Count | None = None,
    ) -> None:
        """Send the answer: an `http.request.Answer`. Raises ClientGone."""
        whole = body if isinstance(body, bytes | bytearray | memoryview) else b"" if body is None else None
        start, length = self._head(status, headers, None if whole is None else len(whole), head=head)
        if head or status in BODILESS:
            whole, length = b"", 0
        await self._writable()
        if self.awaited and not self._more:
            # RFC 9110 (10.1.1) lets a server omit it where no body comes. botocore then reads the next answer
            # on this connection wrongly, and waits for a minute: aws-cli did after every empty file.
            self._connection.transport.write(CONTINUE)
        self.started, self.awaited = True, False
        if whole is None:
            await self._stream(start, body, length, count)  # type: ignore[arg-type]
        else:
            if len(whole) != length:
                raise ValueError(f"an answer of {len(whole)} bytes said that it had {length}")
            if len(whole) <= JOINED_BYTES:
                self._connection.transport.write(start + whole)
            else:
                self._connection.transport.writelines((start, whole))
            if count is not None:
                count.sent += len(whole)
        if head and isinstance(body, AsyncIterator):
            await _close(body)
        self.response_complete = True
        if not self.keep_alive:
            self._connection.transport.close()
        self._connection.on_response_complete()

    def _head(
        self, status: int, headers: RawHeaders, size: int | None, *, head: bool
    ) -> tuple[bytes, int | None]:
        """Render the status line and headers, and return them with the Content-Length.

        The length is that of the headers, else `size`; None for a body that is sent chunked."""
        lines, added = [STATUS_LINE[status]], 2  # the status line, and the empty one
        lines += [b"%b: %b\r\n" % field for field in headers]
        given = dict(headers)
        length = int(given[b"content-length"]) if b"content-length" in given else None
        if given.get(b"connection") == b"close":
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
            added += 1
        if length is None and not head and status not in BODILESS:
            length = size
            lines.append(
                b"transfer-encoding: chunked\r\n" if size is None else b"content-length: %d\r\n" % size
            )
            added += 1
        lines.append(b"\r\n")
        block = b"".join(lines)
        if not block.count(b"\n") == block.count(b"\r") == len(headers) + added or b"\0" in block:
            raise ValueError("a line break or NUL in a header of an answer")
        return block, length

    async def _stream(
        self, first: bytes, body: AsyncIterator[Buffer], length: int | None, count: Count | None
    ) -> None:
        """Send the head with the first buffer, then the others as the client reads them. A failure of `body`
        propagates, and the answer stays incomplete."""
        transport, sent = self._connection.transport, 0
        try:
            async for buffer in body:
                await self._writable()
                framed = (b"%x\r\n" % len(buffer), buffer, b"\r\n") if length is None else (buffer,)
                transport.writelines((first, *framed) if first else framed)
                first = b""
                sent += len(buffer)
                if count is not None:
                    count.sent += len(buffer)
        finally:
            await _close(body)
        if length is None:
            transport.write(first + b"0\r\n\r\n")
        elif sent != length:
            raise ValueError(f"an answer of {sent} bytes said that it had {length}")
        elif first:
            transport.write(first)

    async def _writable(self) -> None:
        """Return when the client can take more bytes. Raises ClientGone."""
        if self.disconnected or self._connection.transport.is_closing():
            self.disconnected = True
            raise ClientGone
        if self._connection.flow.write_paused:
            await in_task()
            await drained(self, self._connection.transport, self._connection.flow, self._connection.stall_s)


async def _nothing() -> dict[str, Any]:
    raise AssertionError("the body of an exchange arrives through feed()")


async def _close(body: AsyncIterator[Buffer]) -> None:
    """Close an iterator, so that buffers it read ahead are released now, not at a garbage collection."""
    if (close := getattr(body, "aclose", None)) is not None:
        await close()


class Cycle(Protocol):
    """A request and answer that `drained` may end."""

    disconnected: bool


async def drained(cycle: Cycle, transport: asyncio.Transport, flow: FlowControl, stall_s: float) -> None:
    """Wait until most of the buffer is sent. Raises ClientGone if nothing is sent for `stall_s` seconds."""
    left = unsent_bytes(transport)
    while flow.write_paused and not cycle.disconnected:
        try:
            async with asyncio.timeout(stall_s):
                await flow.drain()
        except TimeoutError:
            before, left = left, unsent_bytes(transport)
            if left >= before:
                transport.abort()
                cycle.disconnected = True
                raise ClientGone from None


def unsent_bytes(transport: Any) -> int:
    """Count the bytes that the client's system has not acknowledged: in our buffer and in the kernel's, which
    may hold megabytes.
    """
    left: int = transport.get_write_buffer_size()
    with suppress(OSError, ValueError):
        queued = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        left += int.from_bytes(queued, sys.byteorder)
    return left
