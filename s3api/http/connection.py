"""HTTP/1.1 as uvicorn's server runs it for a store: httptools parses, S3 requests become `Exchange`s, what is
under /api goes to the application by ASGI.

uvicorn's httptools protocol bounds a body's buffer and not a request's head: neither its size nor the time
that it may take. Both are bounded here, and how long a client may take nothing of an answer. A request is
answered as soon as the bytes in hand are parsed, in the call that brought them, where nothing has to be
waited for. Timers are set once and look, when they go off, whether they still apply: a timer set and
cancelled by every request would cost as much as parsing it.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from s3api.body import ClientGone
from s3api.http.application import S3Application
from s3api.http.exchange import Exchange, drained, not_taken
from s3api.http.request import Send, Tls, set_tls
from s3api.tasks.first_step import begin

HEAD_TIMEOUT_S = 30.0
TLS_GOODBYE_S = 1.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class StoreProtocol(HttpToolsProtocol):
    """One connection. A request's head has `max_header_bytes` and HEAD_TIMEOUT_S to arrive; 431 where it is
    larger.
    """

    max_header_bytes = 64 << 10
    stall_s = 60.0
    """How long a client may take nothing of an answer."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._app = cast(S3Application, self.app)
        self._in_head = True
        self._head_bytes = 0  # of fields that are complete
        self._partial_bytes = 0  # received since the head began, whatever the parser made of it
        self._too_large = False
        self._begun: Exchange | None = None  # parsed, and not yet asked of the application
        self._idle_since = 0.0  # 0.0: it is not
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
        self._in_time()
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
            self._look_if_idle()
        elif not self.transport.is_closing():
            self._wait_for_head(len(data) if was_in_head else 0)

    def _wait_for_head(self, more: int) -> None:
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

    # --- what the parser tells -----------------------------------------------------------------

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
        self._in_time()
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
            self._dress(version)
            super().on_headers_complete()
            cycle: Any = self.cycle
            cycle.keep_alive = keep_alive
            # uvicorn names the class itself. A wrapped `send` in the instance would be a reference cycle for
            # every request, and the collector's pauses with it (25 to 60 ms).
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
            self._app.proxies.see_through(scope)
        exchange = Exchange(self, scope, keep_alive=keep_alive, awaited=self.expect_100_continue)
        before, self.cycle = self.cycle, cast(Any, exchange)
        if (before is None or before.response_complete) and self._begun is None:
            self._begun = exchange
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cast(Any, exchange), self.app))

    def _dress(self, version: str) -> None:
        """The scope that uvicorn's own protocol makes of every request."""
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
        """What waited for the answer before it. Called by the loop: a thousand in a row are no recursion."""
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
            self._flushing = self.loop.call_later(self.stall_s, self._flush_goes_on, not_taken(transport))

    def shutdown(self) -> None:
        """The server is told to stop: answers under way may end, and those that never end are to."""
        if (stopping := getattr(self.app, "stopping", None)) is not None:
            stopping()
        super().shutdown()
        self._hang_up()

    def _hang_up(self) -> None:
        """A TLS connection that we close lives on until its client says goodbye too, which many never do."""
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(TLS_GOODBYE_S, self.transport.abort)

    def _look_if_idle(self) -> None:
        """The rest of a body that was answered unread is no request: the connection stays idle."""
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

    def _flush_goes_on(self, before: int) -> None:
        """The end of an answer lies in our buffer until the client takes it: not for ever."""
        self._flushing = None
        left = not_taken(self.transport)
        if not self.transport.get_write_buffer_size():
            return
        if left >= before:
            self.transport.abort()
        else:
            self._flushing = self.loop.call_later(self.stall_s, self._flush_goes_on, left)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Cork:
    """Stands in for a transport and keeps what is written, so that a head and its body leave in one call."""

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
    """uvicorn's request and answer, sent while there is somebody to take it; the head leaves with the first
    of the body.
    """

    _head: Any = None

    def feed(self, data: bytes) -> None:
        """See `Exchange`, as for the next two."""
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
    """uvicorn drops silently what is sent to a client that has gone, and waits for ever for one that takes
    nothing; then a large object would be read to its end for nobody, or its buffers held. Raises ClientGone.
    """
    if cycle.disconnected or cycle.transport.is_closing():
        cycle.disconnected = True  # of pipelined requests uvicorn tells the last alone
        raise ClientGone
    if cycle.flow.write_paused:
        await drained(cycle, cycle.transport, cycle.flow, StoreProtocol.stall_s)
    await send(message)
