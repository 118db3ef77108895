"""A node that is a Redis database; Valkey and Kvrocks use the same protocol.

One connection per node. All commands of one turn of the event loop are sent in one write, so a server with
`appendfsync always` syncs once for all of them; replies resolve futures in the order of the commands. If the
connection breaks, or the oldest command gets no reply in time, everything in flight fails with NodeDown.

Keys: `chunk:` + id holds a chunk; the hash `chunkd:usage` counts bytes and chunks. The counts are sent after
the fact, along with later commands, and cost no round trip and no sync. A crash of this process in between,
or overwriting a chunk, makes them drift; a scan from end to end corrects them, as far as concurrent writes
allow. They count payloads: Redis needs about a hundred bytes more per chunk.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from asyncio import Future, TimerHandle
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import hiredis

from chunkd.futures import fail, succeed, write_future
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull, Usage
from chunkd.resp import Connection, OnReply, Target, pack

log = logging.getLogger("chunkd.redis")

COMMANDS = (
    *("AUTH", "SELECT", "PING", "CONFIG GET"),
    *("SET", "GET", "GETRANGE", "EXISTS", "STRLEN", "DEL", "SCAN"),
    *("HINCRBY", "HMGET"),
)
"""All commands that this module sends. Redis, Valkey and Kvrocks have them."""

PREFIX = b"chunk:"
USAGE_KEY = b"chunkd:usage"
COUNT_AFTER_S = 0.2
FULL = ("OOM", "MISCONF")  # MISCONF: it cannot write its log or a snapshot, reads go on
JOIN_BYTES = 4 << 10
WANTED = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
WANTED_OF_KVROCKS = {"rocksdb.write_options.sync": "yes"}


class RedisNode(Node):
    """A Redis database. Connects with its first command, and again after the connection broke."""

    def __init__(self, address: str, *, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        target = Target.parse(address)
        connection = Connection(target, timeout_s=timeout_s, on_connect=self._check_settings, tls=tls)
        super().__init__(target.safe_address, connection.traffic)
        self._connection = connection
        self._capacity_bytes: int | None = None
        self._warned: str | None = None
        self._bytes, self._chunks = 0, 0  # counted, not yet sent
        self._timer: TimerHandle | None = None
        self._scan_totals = _ScanTotals()

    # --- the hot path -------------------------------------------------------------------

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        put = _WriteReplies(self, write_future(), len(chunks))
        if not chunks:
            put.future.set_result(None)
        for chunk_id, data in chunks:
            size = len(data)
            head = b"*3\r\n$3\r\nSET\r\n$%d\r\nchunk:%b\r\n$%d\r\n" % (len(chunk_id) + 6, chunk_id, size)
            pieces = (b"".join((head, data, b"\r\n")),) if size <= JOIN_BYTES else (head, data, b"\r\n")
            self._connection.send(pieces, put.on_set, size)
        return put.future

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        done: Future[Buffer] = asyncio.get_running_loop().create_future()

        def on_reply(reply: object, _: int) -> None:
            if type(reply) is bytes:
                succeed(done, reply)
            elif reply is None:
                fail(done, ChunkMissing(self.address, chunk_id.hex()))
            else:
                fail(done, self._error(reply))

        command = b"*2\r\n$3\r\nGET\r\n$%d\r\nchunk:%b\r\n" % (len(chunk_id) + 6, chunk_id)
        self._connection.send((command,), on_reply, 0)
        return done

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        done: Future[Buffer] = asyncio.get_running_loop().create_future()

        def on_exists(reply: object, _: int) -> None:
            if reply == 1:
                succeed(done, b"")
            elif reply == 0:
                fail(done, ChunkMissing(self.address, chunk_id.hex()))
            else:
                fail(done, self._error(reply))

        def on_reply(reply: object, _: int) -> None:
            if type(reply) is bytes and reply:
                succeed(done, reply)
            elif reply == b"":  # GETRANGE replies so for a missing key too
                self._send(on_exists, b"EXISTS", PREFIX + chunk_id)
            else:
                fail(done, self._error(reply))

        if start >= stop:
            self._send(on_exists, b"EXISTS", PREFIX + chunk_id)
        else:
            self._send(on_reply, b"GETRANGE", PREFIX + chunk_id, start, stop - 1)
        return done

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        delete = _WriteReplies(self, write_future(), len(chunk_ids))
        if not chunk_ids:
            delete.future.set_result(None)
        for chunk_id in chunk_ids:
            self._send(delete.on_length, b"STRLEN", PREFIX + chunk_id)
            self._send(delete.on_del, b"DEL", PREFIX + chunk_id)
        return delete.future

    # --- the rest -----------------------------------------------------------------------

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        if not cursor:
            self._scan_totals = _ScanTotals(self._counted(await self._count()))
        at, keys = await self._ask(b"SCAN", cursor or b"0", b"MATCH", PREFIX + b"*", b"COUNT", limit)
        sizes = await asyncio.gather(*(self._ask(b"STRLEN", key) for key in keys))
        page = [(key[len(PREFIX) :], size) for key, size in zip(keys, sizes, strict=True)]
        following = b"" if at == b"0" else bytes(at)
        if self._scan_totals.add_page(cursor, following, page) and not following:
            self.count(*self._scan_totals.correction(self._counted(await self._count())))
        return page, following

    async def usage(self) -> Usage:
        """The counted bytes and chunks. The capacity is Redis's maxmemory, which its databases share."""
        used_bytes, chunks = self._counted(await self._count())
        return Usage(used_bytes, self._capacity_bytes, chunks)

    async def ping(self) -> None:
        """Send a write that changes nothing, and fails where a SET would. A full node is not down."""
        try:
            await self._ask(b"HINCRBY", USAGE_KEY, b"chunks", 0)
        except NodeFull:
            await self._ask(b"EXISTS", USAGE_KEY)  # not PING, which fails like SET if the disk is full

    async def close(self) -> None:
        if self._connection.up:
            with suppress(NodeError):
                await self._ask(b"PING")  # replies come in order: after this one all writes are counted
            self._send_counts()
        if self._timer:
            self._timer.cancel()
        await self._connection.close()

    def count(self, added_bytes: int, added_chunks: int) -> None:
        """Count bytes and chunks. Sent to the node with the next commands, or after COUNT_AFTER_S."""
        self._bytes += added_bytes
        self._chunks += added_chunks
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COUNT_AFTER_S, self._send_counts)

    def _send_counts(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        added_bytes, added_chunks, self._bytes, self._chunks = self._bytes, self._chunks, 0, 0
        if not (added_bytes or added_chunks):
            return

        def on_bytes(reply: object, _: int) -> None:
            self._bytes += added_bytes if isinstance(reply, Exception) else 0

        def on_chunks(reply: object, _: int) -> None:
            self._chunks += added_chunks if isinstance(reply, Exception) else 0

        self._send(on_bytes, b"HINCRBY", USAGE_KEY, b"bytes", added_bytes)
        self._send(on_chunks, b"HINCRBY", USAGE_KEY, b"chunks", added_chunks)

    async def _count(self) -> list[bytes | None]:
        self._send_counts()
        counts: list[bytes | None] = await self._ask(b"HMGET", USAGE_KEY, b"bytes", b"chunks")
        return counts

    def _counted(self, counts: Sequence[bytes | None]) -> tuple[int, int]:
        """The node's counters plus what is not sent yet, as (bytes, chunks); never negative."""
        used_bytes, chunks = (int(value or 0) for value in counts)
        return max(0, used_bytes + self._bytes), max(0, chunks + self._chunks)

    def _send(self, on_reply: OnReply, *words: bytes | int) -> None:
        self._connection.send((pack(words),), on_reply, 0)

    async def _ask(self, *words: bytes | int) -> Any:
        """Send a command and return its reply. Raises NodeDown, NodeFull for an error reply."""
        done: Future[Any] = asyncio.get_running_loop().create_future()

        def on_reply(reply: object, _: int) -> None:
            if isinstance(reply, Exception):
                fail(done, self._error(reply))
            else:
                succeed(done, reply)

        self._send(on_reply, *words)
        return await done

    def _error(self, reply: object) -> NodeError:
        """Translate an error reply, or the loss of the connection, to NodeFull or NodeDown."""
        if isinstance(reply, NodeError):
            return NodeDown(self.address, reply.reason)
        if isinstance(reply, hiredis.ReplyError):
            reason = str(reply)
            return (NodeFull if reason.startswith(FULL) else NodeDown)(self.address, reason)
        return NodeDown(self.address, f"an unexpected reply: {type(reply).__name__}")

    def _check_settings(self) -> None:
        """On a new connection, read the settings, to check that acknowledged writes are durable."""
        settings: dict[str, str] = {}

        def on_reply(reply: object, _: int) -> None:
            if isinstance(reply, list) and len(reply) == 2:
                settings[reply[0].decode()] = reply[1].decode()

        def on_last(reply: object, _: int) -> None:
            on_reply(reply, 0)
            if not isinstance(reply, NodeError):
                self._warn_if_not_durable(settings)

        for name in (*WANTED, *WANTED_OF_KVROCKS):
            self._send(on_reply, b"CONFIG", b"GET", name.encode())
        self._send(on_last, b"CONFIG", b"GET", b"maxmemory")

    def _warn_if_not_durable(self, settings: dict[str, str]) -> None:
        self._capacity_bytes = int(settings.get("maxmemory") or 0) or None
        wanted = WANTED_OF_KVROCKS if settings.keys() & WANTED_OF_KVROCKS else WANTED
        wrong = {name: settings.get(name, "unknown") for name in wanted if settings.get(name) != wanted[name]}
        says = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        if wrong and says != self._warned:
            set_to = "; ".join(f"CONFIG SET {name} {wanted[name]}" for name in wrong)
            log.warning("%s MAY LOSE ACKNOWLEDGED CHUNKS: %s. Set: %s", self.address, says, set_to)
        self._warned = says


class _WriteReplies:
    """Counts down the replies of one put_many or delete_many. The first error is the outcome."""

    __slots__ = ("_bytes", "_chunks", "_left", "_length", "_node", "_why", "future")

    def __init__(self, node: RedisNode, future: Future[None], left: int) -> None:
        self._node, self.future, self._left = node, future, left
        self._bytes = self._chunks = self._length = 0
        self._why: NodeError | None = None

    def on_set(self, reply: object, size: int) -> None:
        if reply == b"OK":
            self._bytes += size
            self._chunks += 1
        self._count_reply(reply, ok=reply == b"OK")

    def on_length(self, reply: object, _: int) -> None:
        self._length = reply if isinstance(reply, int) else 0

    def on_del(self, reply: object, _: int) -> None:
        if reply == 1:
            self._bytes -= self._length
            self._chunks -= 1
        self._count_reply(reply, ok=isinstance(reply, int))

    def _count_reply(self, reply: object, *, ok: bool) -> None:
        if not ok and self._why is None:
            self._why = self._node._error(reply)
        self._left -= 1
        if self._left:
            return
        if self._chunks or self._bytes:
            self._node.count(self._bytes, self._chunks)
        if self._why:
            fail(self.future, self._why)
        else:
            succeed(self.future)


@dataclass(slots=True)
class _ScanTotals:
    """Totals of one scan from end to end, to correct the counters."""

    counted: tuple[int, int] = (0, 0)
    bytes_seen: int = 0
    chunks_seen: int = 0
    following: bytes | None = b""

    def add_page(self, cursor: bytes, following: bytes, page: Sequence[tuple[bytes, int]]) -> bool:
        """Add a page. False if a page was skipped, so that the totals are useless."""
        if cursor != self.following:
            self.following = None
            return False
        self.following = following
        self.bytes_seen += sum(size for _, size in page)
        self.chunks_seen += len(page)
        return True

    def correction(self, counted: tuple[int, int]) -> tuple[int, int]:
        """What to add to the counters, whose value is `counted` now.

        Some of the writes since the scan began were seen and some not: a count between the two is not
        changed.
        """
        return tuple(  # type: ignore[return-value]
            _into(now, seen, seen + now - before)
            for now, seen, before in zip(
                counted, (self.bytes_seen, self.chunks_seen), self.counted, strict=True
            )
        )


def _into(now: int, one: int, other: int) -> int:
    """The difference that brings `now` between `one` and `other`."""
    return min(max(now, min(one, other)), max(one, other)) - now
