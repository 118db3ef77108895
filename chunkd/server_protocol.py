"""HTTP/1.1 as a chunkd server speaks it: batches are answered here, as soon as their bytes are parsed and
their chunks stored or read; all else goes through uvicorn's own protocol to the ASGI application.

A batch by ASGI costs a task, an event and half a dozen dictionaries, 150 us with uvicorn's part of it; here
it costs a third. Batches that come before another answer on their connection is out, that are traced or that
are to be refused take the long way.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chunkd.batch_format import MAX_BODY_BYTES, MEDIA_TYPE, BatchError
from chunkd.node import Buffer

JOIN_BYTES = 64 << 10
_TYPE = MEDIA_TYPE.encode()
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"


class Batches(Protocol):
    """What answers batches."""

    def admits(self, shown: bytes | None) -> bool:
        """Whether that Authorization header opens the store."""
        ...

    def begin(self, body: bytes) -> list[Future[Any]]:
        """Begin what the batch asks for. Raises BatchError, NodeDown."""
        ...

    def results(self, done: Sequence[Future[Any]]) -> list[Buffer]:
        """The answer, once all are done."""
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
        """Whether it is one that is neither traced nor to be refused before its body is read."""
        if self.url != b"/batch" or self.expect_100_continue or self.parser.get_method() != b"POST":
            return False
        if self.parser.get_http_version() != "1.1" or self.parser.should_upgrade():
            return False
        told = dict(self.headers)
        length = told.get(b"content-length", b"")
        return (
            told.get(b"content-type") == _TYPE
            and b"traceparent" not in told
            and length.isdigit()
            and int(length) <= MAX_BODY_BYTES
            and self._batches.admits(told.get(b"authorization"))
        )


class _BatchExchange:
    """One batch and its answer, in the place of uvicorn's cycle, of which it has what the protocol asks."""

    def __init__(self, protocol: ChunkProtocol, batches: Batches, *, keep: bool) -> None:
        self._protocol, self._batches = protocol, batches
        self.pieces: list[bytes] = []
        self._running: list[Future[Any]] = []
        self.keep_alive, self.response_complete, self.disconnected = keep, False, False
        self.message_event = self

    def set(self) -> None:
        """As the event that wakes uvicorn's cycle: nothing waits here."""

    def begin(self) -> None:
        pieces = self.pieces
        try:
            self._running = self._batches.begin(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        except BatchError as error:
            self._answer(_BAD, [str(error).encode()])
        else:
            self._look(None)

    def _look(self, _: Future[Any] | None) -> None:
        """Answer, if all is done. Most stores are done in order: so the last one is waited for first."""
        for future in reversed(self._running):
            if not future.done():
                future.add_done_callback(self._look)
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
    """What uvicorn makes for each connection."""

    def made(*args: Any, **more: Any) -> ChunkProtocol:
        return ChunkProtocol(batches, *args, **more)

    return cast(type[HttpToolsProtocol], cast(Callable[..., Any], made))
