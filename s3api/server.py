"""uvicorn, set up for a store: uvloop, httptools with bounded heads, no log line or header of its own.

uvicorn's httptools protocol bounds a body's buffer and not a request's head: neither its size nor the time
that it may take. Both are bounded here. The socket is bound before anything is printed or forked, so a port
that is taken is one clear line.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import ssl
import sys
import termios
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess

from s3api.app import App, create_app
from s3api.body import ClientGone
from s3api.http import Send
from s3api.observe.logs import configure_logging
from s3api.observe.workers import shared_directory
from s3api.settings import Settings, SettingsError, load

BACKLOG = 2048
HEAD_TIMEOUT_S = 30.0
TLS_GOODBYE_S = 1.0
# A worker thread that comes back from the disk waits at most so long for the loop to give up the GIL.
SWITCH_INTERVAL_S = 0.0002
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request heads have `max_header_bytes` and HEAD_TIMEOUT_S to arrive. 431 where they are
    larger.
    """

    max_header_bytes = 64 << 10
    stall_s = 60.0
    """How long a client may take nothing of an answer."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = True
        self._head_bytes = 0  # of fields that are complete
        self._partial_bytes = 0  # received since the head began, whatever the parser made of it
        self._too_large = False
        self._late: asyncio.TimerHandle | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._tls: tuple[str, str] | None = None  # version and cipher

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if tls := transport.get_extra_info("ssl_object"):
            self._tls = (tls.version(), tls.cipher()[0])
        self._late = self.loop.call_later(HEAD_TIMEOUT_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        if self._flushing is not None:
            self._flushing.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        super().data_received(data)
        if not self._in_head:
            self._still_alive()
            return
        if self.transport.is_closing():
            return
        if was_in_head:
            self._partial_bytes += len(data)
        if self._partial_bytes > self.max_header_bytes:
            self._too_large = True
            self.send_400_response("")
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._partial_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        # As uvicorn's, with the count in the same call: a dozen of these come with every request.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
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
        if self._tls:
            cast(dict[str, Any], self.scope)["extensions"] = {"sixfold.tls": self._tls}
        super().on_headers_complete()
        cycle = self.cycle
        if upgrade:
            cycle.keep_alive = False
        # uvicorn names the class itself. A wrapped `send` in the instance would be a reference cycle for
        # every request, and the collector's pauses with it (25 to 60 ms).
        cycle.__class__ = _ConnectedCycle

    def shutdown(self) -> None:
        super().shutdown()
        self._hang_up()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._hang_up()
        if self._flushing is None and self.transport.get_write_buffer_size():
            left = _not_taken(self.transport)
            self._flushing = self.loop.call_later(self.stall_s, self._flush_goes_on, left)

    def _hang_up(self) -> None:
        """A TLS connection that we close lives on until its client says goodbye too, which many never do."""
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(TLS_GOODBYE_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        if self._too_large:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.max_header_bytes:
            self._too_large = True
            raise ValueError("the head of the request is too large")  # stops the parser; answered above

    def _has_body(self) -> bool:
        headers = dict(self.headers)
        return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"

    def _still_alive(self) -> None:
        """The rest of a body that was answered unread stops uvicorn's keep-alive timer: start it again."""
        cycle = self.cycle
        if cycle is not None and cycle.response_complete and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _flush_goes_on(self, before: int) -> None:
        """The end of an answer lies in our buffer until the client takes it: not for ever."""
        self._flushing = None
        left = _not_taken(self.transport)
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


async def send_while_connected(cycle: Any, send: Send, message: MutableMapping[str, Any]) -> None:
    """uvicorn drops silently what is sent to a client that has gone, and waits for ever for one that takes
    nothing; then a large object would be read to its end for nobody, or its buffers held. Raises ClientGone.
    """
    if cycle.disconnected or cycle.transport.is_closing():
        cycle.disconnected = True  # of pipelined requests uvicorn tells the last alone
        raise ClientGone
    if cycle.flow.write_paused:
        await _drained(cycle)
    await send(message)


async def _drained(cycle: Any) -> None:
    """Wait until the client has taken most of what was sent, while it takes any of it. Raises ClientGone."""
    left = _not_taken(cycle.transport)
    while cycle.flow.write_paused and not cycle.disconnected:
        try:
            async with asyncio.timeout(BoundedProtocol.stall_s):
                await cycle.flow.drain()
        except TimeoutError:
            before, left = left, _not_taken(cycle.transport)
            if left >= before:
                cycle.transport.abort()
                cycle.disconnected = True
                raise ClientGone from None


def _not_taken(transport: Any) -> int:
    """Bytes that were sent and the client's system has not acknowledged: ours, and the kernel's, which may be
    megabytes.
    """
    left: int = transport.get_write_buffer_size()
    with suppress(OSError, ValueError):
        queued = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        left += int.from_bytes(queued, sys.byteorder)
    return left


def check_tls(settings: Settings) -> None:
    """Raises SettingsError where the certificate and its key cannot be used."""
    if settings.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as why:  # which ssl.SSLError is
        reason = why.strerror or why
        raise SettingsError(
            f"the certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used: {reason}"
        ) from None


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises SettingsError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        server = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as why:
        reason = why.strerror or why
        raise SettingsError(f"cannot listen on {settings.host} port {settings.port}: {reason}") from None
    server.set_inheritable(True)
    return server


def serve(settings: Settings, listening: socket.socket) -> bool:
    """Serve until told to stop by SIGINT or SIGTERM; requests under way may end. False: it never came up."""
    if settings.workers > 1:
        _hand_over(settings)
        config = _config(settings, "s3api.server:worker_app", factory=True)
        with shared_directory(settings.data):
            Multiprocess(config, sockets=[listening]).run()
        return True
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    server = uvicorn.Server(_config(settings, create_app(settings, own_process=True)))
    with suppress(KeyboardInterrupt):  # raised again by uvicorn when it has shut down in order
        server.run(sockets=[listening])
    return server.started


def worker_app() -> App:
    """The application of one worker process: its settings are in the environment."""
    settings = load()
    configure_logging(settings.log_level, settings.log_format)
    BoundedProtocol.max_header_bytes = settings.max_header_bytes
    BoundedProtocol.stall_s = settings.body_idle_s
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return create_app(settings, own_process=True)


def _config(settings: Settings, app: App | str, *, factory: bool = False) -> uvicorn.Config:
    BoundedProtocol.max_header_bytes = settings.max_header_bytes
    BoundedProtocol.stall_s = settings.body_idle_s
    return uvicorn.Config(
        app,
        factory=factory,
        workers=settings.workers,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_s,
    )


def _hand_over(settings: Settings) -> None:
    """Worker processes are started anew and read their settings from the environment."""
    for name, value in settings.environment().items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
