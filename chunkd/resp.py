"""One connection to a Redis server: commands are sent in batches, replies come in order.

It connects with the first command, and again after it broke. Commands wait while it connects. After an
attempt failed, they fail at once until the next attempt is due (backoff up to a second). A command's callback
is called exactly once: with the reply, with a `hiredis.ReplyError`, or with NodeDown.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from asyncio import AbstractEventLoop, Task, TimerHandle
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote, urlsplit

import hiredis

from chunkd.connector import Host
from chunkd.node import JOIN_BYTES, Buffer, NodeDown
from chunkd.traffic import Traffic

FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 1.0

OnReply = Callable[[object, int], None]
# hiredis annotates it with a tuple of one.
pack = cast(Callable[[tuple[bytes | str | int, ...]], bytes], hiredis.pack_command)


@dataclass(frozen=True, slots=True)
class Target:
    """A server's address, parsed. `safe_address` has no user name or password."""

    safe_address: str
    host: str
    port: int
    db: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, address: str) -> Target:
        """Parse redis://[user:password@]host[:port][/db]. Raises ValueError, whose text has no password."""
        parts = urlsplit(address)
        host, db = parts.hostname, parts.path.strip("/") or "0"
        if not host or not db.isdigit() or parts.query or parts.fragment:
            raise ValueError(f"{parts.scheme}://{host or ''}: write redis://[user:password@]host:port/db")
        port = parts.port or 6379
        safe_address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}/{db}"
        user, password = (unquote(value) if value else None for value in (parts.username, parts.password))
        return cls(safe_address, host, port, int(db), user, password)

    def greeting(self) -> list[bytes]:
        """The commands that must succeed first on a connection."""
        commands: list[tuple[str | int, ...]] = []
        if self.password is not None:
            commands.append(("AUTH", *((self.username,) if self.username else ()), self.password))
        commands.append(("SELECT", self.db) if self.db else ("PING",))
        return [pack(command) for command in commands]


class Connection:
    """The one connection of a node. All methods belong to one event loop."""

    def __init__(
        self,
        target: Target,
        *,
        timeout_s: float,
        on_connect: Callable[[], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host = Host(target.host, target.port, tls)
        self._target, self._timeout_s, self._on_connect = target, timeout_s, on_connect
        self._loop: AbstractEventLoop | None = None
        self._out: list[Buffer] = []
        self._out_bytes = 0
        self._waiting: deque[tuple[OnReply, int, float]] = deque()
        self._stream: _Stream | None = None
        self._connecting: Task[None] | None = None
        self._flushing = False
        self._closed = False
        self._watch: TimerHandle | None = None
        self._backoff_s, self._retry_s, self._why = 0.0, 0.0, ""
        self.writes = 0
        self.traffic = Traffic()

    @property
    def up(self) -> bool:
        return self._stream is not None

    def send(self, pieces: Sequence[Buffer], on_reply: OnReply, size: int) -> None:
        """Send a command, as the pieces of its RESP, in one write with the others of this turn.

        `on_reply(reply, size)` is called with the reply. The pieces must stay unchanged until then.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        now_s = loop.time()
        if self._stream is None and not self._start_connecting(now_s):
            loop.call_soon(on_reply, NodeDown(self._target.safe_address, self._why), size)
            return
        self._out += pieces
        self._waiting.append((on_reply, size, now_s + self._timeout_s))
        if self._watch is None:
            self._watch = loop.call_at(now_s + self._timeout_s, self._late)
        if not self._flushing and self._stream is not None:
            self._flushing = True
            loop.call_soon(self._flush)

    async def close(self) -> None:
        """Wait for outstanding replies, then disconnect."""
        self._closed, self._why = True, "closed"
        while self._waiting:
            done = asyncio.get_running_loop().create_future()
            last, size, deadline_s = self._waiting[-1]

            def on_last(reply: object, size: int, last: OnReply = last) -> None:
                last(reply, size)
                done.set_result(None)  # noqa: B023 - awaited before the next is made

            self._waiting[-1] = (on_last, size, deadline_s)
            await done
        if self._connecting:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        self.broke("closed")
        await asyncio.sleep(0)  # a transport closes its socket in the next turn

    def broke(self, why: str) -> None:
        """Disconnect, and fail every waiting command."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()
        self._why = why
        self._flushing = False
        self._out = []
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        waiting, self._waiting = self._waiting, deque()
        for on_reply, size, _ in waiting:
            on_reply(NodeDown(self._target.safe_address, why), size)

    def oldest(self) -> tuple[OnReply, int, float] | None:
        """The command whose reply is next, None if there is none."""
        return self._waiting[0] if self._waiting else None

    def count(self, size: int, before: tuple[OnReply, int, float] | None) -> None:
        """Count received bytes, and the latency of the command `before` if they answered it."""
        self.traffic.received_bytes += size
        if before is not None and self._loop is not None and self.oldest() is not before:
            self.traffic.seconds.add(self._loop.time() - before[2] + self._timeout_s)

    def received(self, reply: object) -> None:
        if not self._waiting:
            self.broke("an unexpected reply")
            return
        on_reply, size, _ = self._waiting.popleft()
        on_reply(reply, size)

    def _start_connecting(self, now_s: float) -> bool:
        """Start to connect, unless a backoff is running. Whether a connection is being made."""
        if self._connecting is None:
            if self._closed or now_s < self._retry_s:
                return False
            self._connecting = asyncio.ensure_future(self._connect())
        return True

    async def _connect(self) -> None:
        why = ""
        try:
            async with asyncio.timeout(self._timeout_s):
                stream = await self._dial()
        except TimeoutError:
            why = f"no connection within {self._timeout_s:g} s"
        except (OSError, hiredis.HiredisError) as error:
            why = f"cannot connect: {error}"
        finally:
            self._connecting = None
        if why:
            self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, self._backoff_s * 2))
            now_s = asyncio.get_running_loop().time()
            self._retry_s = now_s + self._backoff_s * random.uniform(0.5, 1)
            self.broke(why)
            return
        self._backoff_s, self._retry_s = 0.0, 0.0
        self._stream = stream
        stream.connection = self
        self._flush()
        if stream.lost is not None:
            self.broke(stream.lost)
            return
        self._on_connect()

    async def _dial(self) -> _Stream:
        """Connect and send the greeting. Raises OSError, and hiredis.ReplyError for a wrong password."""
        stream = await self._host.connect(_Stream)
        try:
            await stream.greet(self._target.greeting())
        except BaseException:
            stream.abort()
            raise
        return stream

    def _flush(self) -> None:
        self._flushing = False
        if self._stream is None or not self._out:
            return
        out, self._out = self._out, []
        self.writes += 1
        self.traffic.sent_bytes += self._stream.write(out)

    def _late(self) -> None:
        """Timer: disconnect if the oldest command is overdue."""
        self._watch = None
        if not self._waiting:
            return
        deadline_s, loop = self._waiting[0][2], asyncio.get_running_loop()
        if loop.time() < deadline_s:
            self._watch = loop.call_at(deadline_s, self._late)
        else:
            self.broke(f"no answer within {self._timeout_s:g} s")


class _Stream(asyncio.Protocol):
    """A socket that reads and writes RESP."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.lost: str | None = None
        self._reader = hiredis.Reader(notEnoughData=Ellipsis)
        self._transport: asyncio.Transport | None = None
        self._greeting: asyncio.Future[None] | None = None
        self._greetings = 0

    async def greet(self, commands: list[bytes]) -> None:
        self._greeting = asyncio.get_running_loop().create_future()
        self._greetings = len(commands)
        if self.lost is not None:
            raise ConnectionResetError(self.lost)
        self.write(commands)
        await self._greeting

    def write(self, pieces: Sequence[Buffer]) -> int:
        """Write the pieces. Returns the number of bytes."""
        size = sum(map(len, pieces))
        if self._transport is not None:
            if size <= JOIN_BYTES:
                self._transport.write(b"".join(pieces))
            else:
                self._transport.writelines(pieces)
        return size

    def abort(self) -> None:
        """Disconnect without sending what is queued, so that callers may reuse their buffers."""
        self.connection = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = f"the connection broke: {exc or 'the server hung up'}"
        if self._greeting is not None and not self._greeting.done():
            self._greeting.set_exception(ConnectionResetError(self.lost))
        if self.connection is not None:
            self.connection.broke(self.lost)

    def data_received(self, data: bytes) -> None:
        connection = self.connection
        oldest = connection.oldest() if connection is not None else None
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not Ellipsis:
                self._received(reply)
            if connection is not None:
                connection.count(len(data), oldest)
        except hiredis.ProtocolError as error:
            self.lost = f"not Redis: {error}"
            if self.connection is not None:
                self.connection.broke(self.lost)
            self.abort()

    def _received(self, reply: object) -> None:
        if self.connection is not None:
            self.connection.received(reply)
            return
        if self._greeting is None or self._greeting.done():
            return
        self._greetings -= 1
        if isinstance(reply, hiredis.ReplyError):
            self._greeting.set_exception(reply)
        elif not self._greetings:
            self._greeting.set_result(None)
