"""The HTTP/1.1 protocol of a chunkd server, with a fast path for batches.

A batch is answered here, once it is parsed and its chunks are stored or read. Every other request goes
through uvicorn's protocol to the ASGI application. A batch through ASGI costs a task, an event and half a
dozen dictionaries, 150 us with uvicorn's part; here it costs a third. Batches that are pipelined behind
another response, that are traced or that are to be refused go through ASGI.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chunkd.batch_format import MAX_BODY_BYTES, MEDIA_TYPE, BatchError
from chunkd.node import JOIN_BYTES, Buffer

_TYPE = MEDIA_TYPE.encode()
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"


class Batches(Protocol):
    """The server's side of the fast path: authorises and performs batches."""

    def admits(self, shown: bytes | None) -> bool:
        """Whether the Authorization header is accepted."""
        ...

    def begin(self, body: bytes) -> list[Future[Any]]:
        """Start the operations of a batch. Raises BatchError, NodeDown."""
        ...

    def results(self, done: Sequence[Future[Any]]) -> list[Buffer]:
        """The response body, once all operations are done."""
        ...


class ChunkProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, batches: Batches, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._batches = batches

    def on_headers_complete(self) -> None:
        before = self.cycle
        if (before is None or before.response_complete) and self._is_plain_batch():
            self.cycle = cast(Any, _BatchExchange(self, self._batches, keep=self.parser.should_keep_alive()))
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if type(cycle) is _BatchExchange:
            cycle.pieces.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        cycle: Any = self.cycle
        if type(cycle) is _BatchExchange:
            cycle.begin()
        else:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except httptools.HttpParserCallbackError:
            self.transport.abort()
            raise

    def _is_plain_batch(self) -> bool:
        """Whether the request is a batch that is not traced, and not refused before its body is read."""
        if self.url != b"/batch" or self.expect_100_continue or self.parser.get_method() != b"POST":
            return False
        if self.parser.get_http_version() != "1.1" or self.parser.should_upgrade():
            return False
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        return (
            headers.get(b"content-type") == _TYPE
            and b"traceparent" not in headers
            and length.isdigit()
            and int(length) <= MAX_BODY_BYTES
            and self._batches.admits(headers.get(b"authorization"))
        )


class _BatchExchange:
    """One batch and its response.

    Stands in for uvicorn's request cycle, with the attributes that it reads.
    """

    def __init__(self, protocol: ChunkProtocol, batches: Batches, *, keep: bool) -> None:
        self._protocol, self._batches = protocol, batches
        self.pieces: list[bytes] = []
        self._running: list[Future[Any]] = []
        self.keep_alive, self.response_complete, self.disconnected = keep, False, False
        self.message_event = self

    def set(self) -> None:
        """Do nothing: uvicorn sets the event of its cycle, and nothing waits for this one."""

    def begin(self) -> None:
        pieces = self.pieces
        try:
            self._running = self._batches.begin(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        except BatchError as error:
            self._answer(_BAD, [str(error).encode()])
        else:
            self._respond_if_done(None)

    def _respond_if_done(self, _: Future[Any] | None) -> None:
        """Respond if all operations are done. Waits for the last first, as most stores finish in order."""
        for future in reversed(self._running):
            if not future.done():
                future.add_done_callback(self._respond_if_done)
                return
        self._answer(_OK, self._batches.results(self._running))

    def _answer(self, head: bytes, pieces: Sequence[Buffer]) -> None:
        self.response_complete = True
        protocol = self._protocol
        write, size = protocol.transport, sum(map(len, pieces))
        if self.disconnected or write.is_closing():
            return
        text = head % size + (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        if size <= JOIN_BYTES:
            write.write(b"".join((text, *pieces)))
        else:
            write.writelines((text, *pieces))
        if not self.keep_alive:
            write.close()
        protocol.on_response_complete()


def protocol_of(batches: Batches) -> type[HttpToolsProtocol]:
    """The protocol factory for uvicorn: one protocol per connection."""

    def made(*args: Any, **more: Any) -> ChunkProtocol:
        return ChunkProtocol(batches, *args, **more)

    return cast(type[HttpToolsProtocol], cast(Callable[..., Any], made))
