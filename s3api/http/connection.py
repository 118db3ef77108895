"""The HTTP/1.1 protocol that uvicorn's server runs: httptools parses, S3 requests become `Exchange`s, and
requests under /api go to the application by ASGI.

uvicorn's httptools protocol limits the buffer of a body, but neither the size of a request's head nor the
time that it takes to arrive. Both are limited here, and the time in which a client reads nothing of an
answer. An S3 request that needs to wait for nothing is answered within the call that delivers its bytes.
Timers are set once and check when they fire whether they still apply: setting and cancelling a timer for each
request would cost as much as parsing it.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from s3api.body import ClientGone
from s3api.http.application import S3Application
from s3api.http.exchange import Exchange, drained, unsent_bytes
from s3api.http.request import Send, Tls, set_tls
from s3api.tasks.first_step import begin

HEAD_TIMEOUT_S = 30.0
TLS_CLOSE_S = 1.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class StoreProtocol(HttpToolsProtocol):
    """One connection. A request's head must arrive within HEAD_TIMEOUT_S; more than `max_header_bytes` get
    431.
    """

    max_header_bytes = 64 << 10
    stall_s = 60.0
    """How long a client may read nothing of an answer before the connection is closed."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._app = cast(S3Application, self.app)
        self._in_head = True
        self._head_bytes = 0  # of fields that are complete
        self._partial_bytes = 0  # received since the head began, parsed or not
        self._too_large = False
        self._begun: Exchange | None = None  # parsed, not yet given to the application
        self._idle_since = 0.0  # 0.0: not idle
        self._late: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._tls: Tls | None = None

    # --- the connection ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if tls := transport.get_extra_info("ssl_object"):
            self._tls = Tls(tls.version(), tls.cipher()[0])
        self._late = self.loop.call_later(HEAD_TIMEOUT_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_head_timer()
        for timer in (self._idle, self._flushing):
            if timer is not None:
                timer.cancel()
        cycle: Any = self.cycle
        if cycle is not None:
            cycle.lost()
            self.cycle = None  # type: ignore[assignment]
        for waiting, _ in self.pipeline:
            cast(Any, waiting).lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head, self._idle_since = self._in_head, 0.0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._begun = None
            self.send_400_response("Invalid HTTP request received.")
            return
        except httptools.HttpParserUpgrade:
            pass  # nothing is upgraded: it was an ordinary request
        begun, self._begun = self._begun, None
        if begun is not None:
            self._run(begun)
        if not self._in_head:
            self._note_idle()
        elif not self.transport.is_closing():
            self._start_head_timer(len(data) if was_in_head else 0)

    def _start_head_timer(self, more: int) -> None:
        self._partial_bytes += more
        if self._partial_bytes > self.max_header_bytes:
            self._too_large = True
            self.send_400_response("")
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        if self._too_large:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    # --- parser callbacks -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head, self._head_bytes, self._partial_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        # The parser leaves the white space that may follow a value (RFC 9110, section 5.5).
        self.headers.append((name, value.rstrip(b" \t")))
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self.max_header_bytes:
            self._count(0)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._cancel_head_timer()
        upgrade = self.parser.should_upgrade()
        if upgrade and self._has_body():
            # The parser would take the body for the next request.
            raise ValueError("a request to upgrade cannot have a body here")
        url = self.url
        if url.startswith(b"/") and b"#" not in url:
            path, _, query = url.partition(b"?")
        else:
            parsed = httptools.parse_url(url)
            path, query = parsed.path, parsed.query or b""
        if not url.isascii():
            raise ValueError("a request target is ASCII")
        version = self.parser.get_http_version()
        keep_alive = version == "1.1" and not upgrade and self.parser.should_keep_alive()
        if path.startswith(b"/api"):
            self._fill_asgi_scope(version)
            super().on_headers_complete()
            cycle: Any = self.cycle
            cycle.keep_alive = keep_alive
            # uvicorn instantiates its own class. Wrapping `send` in the instance instead would make a
            # reference cycle for every request, and garbage collector pauses of 25 to 60 ms.
            cycle.__class__ = _ConnectedCycle
            return
        scope: dict[str, Any] = {
            "type": "http", "method": self.parser.get_method().decode("ascii"), "http_version": version,
            "scheme": self.scheme, "client": self.client, "raw_path": path, "query_string": query,
            "headers": self.headers,
        }  # fmt: skip
        if self._tls:
            set_tls(scope, self._tls)
        if self._app.proxies is not None:
            self._app.proxies.rewrite(scope)
        exchange = Exchange(self, scope, keep_alive=keep_alive, awaited=self.expect_100_continue)
        before, self.cycle = self.cycle, cast(Any, exchange)
        if (before is None or before.response_complete) and self._begun is None:
            self._begun = exchange
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cast(Any, exchange), self.app))

    def _fill_asgi_scope(self, version: str) -> None:
        """Make the ASGI scope as uvicorn's own protocol does for every request."""
        head = self.headers, self.url, self.expect_100_continue
        super().on_message_begin()
        self.headers, self.url, self.expect_100_continue = head
        scope = cast(dict[str, Any], self.scope)
        scope["headers"], scope["http_version"] = self.headers, version
        if self._tls:
            set_tls(scope, self._tls)

    def on_body(self, body: bytes) -> None:
        cast(Any, self.cycle).feed(body)

    def on_message_complete(self) -> None:
        cast(Any, self.cycle).end()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.max_header_bytes:
            self._too_large = True
            raise ValueError("the head of the request is too large")  # stops the parser; answered above

    def _has_body(self) -> bool:
        headers = dict(self.headers)
        return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"

    # --- answers ---------------------------------------------------------------------------------

    def _run(self, exchange: Exchange) -> None:
        task = begin(exchange.run(self._app), self.loop)
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _run_next(self) -> None:
        """Run the next pipelined request. Called by the event loop, so a long pipeline does not recurse."""
        if self.pipeline and not self.transport.is_closing():
            cycle, app = self.pipeline.pop()
            if isinstance(cycle, Exchange):
                self._run(cycle)
            else:
                self._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        transport = self.transport
        if transport.is_closing():
            self._hang_up()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self.loop.call_soon(self._run_next)
        else:
            self._idle_since = self.loop.time()
            if self._idle is None:
                self._idle = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)
        if self._flushing is None and transport.get_write_buffer_size():
            self._flushing = self.loop.call_later(self.stall_s, self._check_flush, unsent_bytes(transport))

    def shutdown(self) -> None:
        """Stop after the requests under way. Called by the server; ends answers without an end."""
        if (stopping := getattr(self.app, "stopping", None)) is not None:
            stopping()
        super().shutdown()
        self._hang_up()

    def _hang_up(self) -> None:
        """Abort a closing TLS connection after a while: many clients never send their close_notify."""
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(TLS_CLOSE_S, self.transport.abort)

    def _note_idle(self) -> None:
        """Stay idle when the rest of a body arrives after its answer: that is no new request."""
        cycle = self.cycle
        if cycle is not None and cycle.response_complete:
            self._idle_since = self.loop.time()

    def _close_if_idle(self) -> None:
        self._idle = None
        idle_s = self.loop.time() - self._idle_since if self._idle_since else 0.0
        if idle_s >= self.timeout_keep_alive:
            self.transport.close()
        else:
            self._idle = self.loop.call_later(self.timeout_keep_alive - idle_s, self._close_if_idle)

    def _check_flush(self, before: int) -> None:
        """Abort the connection if the client has read nothing of the buffered answer since the last check."""
        self._flushing = None
        left = unsent_bytes(self.transport)
        if not self.transport.get_write_buffer_size():
            return
        if left >= before:
            self.transport.abort()
        else:
            self._flushing = self.loop.call_later(self.stall_s, self._check_flush, left)

    def _cancel_head_timer(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Cork:
    """Collects what is written to a transport, so that the head and the body are sent in one call."""

    __slots__ = ("_pieces", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._pieces.append(data)

    def flush(self) -> None:
        if self._pieces:
            self._transport.writelines(self._pieces)
            self._pieces = []

    def close(self) -> None:
        self.flush()
        self._transport.close()


class _ConnectedCycle(RequestResponseCycle):
    """uvicorn's request and answer for /api. Stops when the client has gone; sends the head together with the
    first bytes of the body.
    """

    _head: Any = None

    def feed(self, data: bytes) -> None:
        """Take bytes of the body from the parser. `end` and `lost` are the other events of an `Exchange`."""
        if not self.response_complete:
            self.body += data
            if len(self.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.message_event.set()

    def end(self) -> None:
        if not self.response_complete:
            self.more_body = False
            self.message_event.set()

    def lost(self) -> None:
        if not self.response_complete:
            self.disconnected = True
        self.message_event.set()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and self._head is None:
            self._head = message
            return
        await send_while_connected(self, self._send, message)

    async def _send(self, message: Any) -> None:
        head, self._head = self._head, False
        if not head:
            await super().send(message)
            return
        transport = self.transport
        cork = _Cork(transport)
        self.transport = cast(asyncio.Transport, cork)
        try:
            await super().send(head)
            await super().send(message)
        finally:
            self.transport = transport
            cork.flush()


async def send_while_connected(cycle: Any, send: Send, message: Any) -> None:
    """Send one ASGI message. Raises ClientGone once the client has closed the connection or stopped reading.

    uvicorn discards silently what is sent to a client that has gone, and waits for ever for one that reads
    nothing: a large object would be read to its end for no reader, or its buffers kept.
    """
    if cycle.disconnected or cycle.transport.is_closing():
        cycle.disconnected = True  # uvicorn sets this on the last pipelined request only
        raise ClientGone
    if cycle.flow.write_paused:
        await drained(cycle, cycle.transport, cycle.flow, StoreProtocol.stall_s)
    await send(message)
