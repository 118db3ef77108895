"""A node that is a chunkd server, spoken to over HTTP.

The operations of one turn of the event loop are sent as one request (chunkd.batch_format). Small and large
ones have separate lanes, each with a few persistent connections, so that a megabyte does not delay a small
chunk. While all connections of a lane are busy, operations are collected for its next request. All operations
are idempotent, so a request on a persistent connection that the server had closed is repeated on a new one.
Every operation ends within `timeout_s` of its call.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson

from chunkd import batch_format
from chunkd.batch_format import DELETE, DOWN, FULL, GET, MISSING, OK, PUT, RANGE, BatchError, Operation
from chunkd.connector import Host
from chunkd.futures import fail, succeed, write_future
from chunkd.http1 import ConnectionBroken, Endpoint, HttpConnection, Response
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull, Usage
from chunkd.traffic import Traffic

LARGE_BYTES = 128 << 10
REQUEST_BYTES = 2 << 20
REQUEST_READS = 64
SMALL_CONNECTIONS = 2
LARGE_CONNECTIONS = 4
FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 1.0


class Pending:
    """A queued request: an operation of a batch, or a GET of `path`."""

    __slots__ = ("deadline_s", "future", "operation", "path")

    def __init__(
        self, future: Future[Any], deadline_s: float, operation: Operation | None, path: str = ""
    ) -> None:
        self.future, self.deadline_s, self.operation, self.path = future, deadline_s, operation, path


class HttpNode(Node):
    """A chunkd server. Connects with its first request."""

    def __init__(
        self, address: str, *, token: str | None, timeout_s: float, tls: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(address)
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(f"{address!r}: write http://host:port")
        port = parts.port or (443 if tls else 80)
        super().__init__(f"{parts.scheme}://{parts.netloc}")
        self._timeout_s = timeout_s
        endpoint = Endpoint(Host(parts.hostname, port, tls), parts.netloc, token)
        self._small = Lane(self.address, endpoint, SMALL_CONNECTIONS, self.traffic)
        self._large = Lane(self.address, endpoint, LARGE_CONNECTIONS, self.traffic)

    @property
    def requests(self) -> int:
        """The number of HTTP requests sent."""
        return self._small.requests + self._large.requests

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        return self._write([Operation(PUT, chunk_id, data) for chunk_id, data in chunks])

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        return self._write([Operation(DELETE, chunk_id) for chunk_id in chunk_ids])

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        return self._ask(self._small, Operation(GET, chunk_id))

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        lane = self._large if stop - start >= LARGE_BYTES else self._small
        # The batch format has 32 bits for each; chunks are far smaller.
        first, last = min(start, 0xFFFFFFFF), min(max(start, stop), 0xFFFFFFFF)
        return self._ask(lane, Operation(RANGE, chunk_id, b"", first, last))

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        found = await self._json(f"/scan?cursor={cursor.hex()}&limit={min(limit, 10_000)}")
        with self._expected("/scan"):
            page = [(bytes.fromhex(chunk_id), int(size)) for chunk_id, size in found["chunks"]]
            return page, bytes.fromhex(found["cursor"])

    async def usage(self) -> Usage:
        found = await self._json("/usage")
        with self._expected("/usage"):
            capacity = found["capacity_bytes"]
            return Usage(int(found["used_bytes"]), capacity and int(capacity), int(found["chunks"]))

    async def ping(self) -> None:
        """Check that the token is right (/usage needs it), and that the server's store can store."""
        await self._json("/usage")
        await self._json("/health")

    async def close(self) -> None:
        await self._small.close()
        await self._large.close()

    def _write(self, operations: Sequence[Operation]) -> Future[None]:
        done = write_future()
        left = len(operations)
        if not left:
            done.set_result(None)
        whys: list[BaseException] = []

        def one(future: Future[Any]) -> None:
            nonlocal left
            left -= 1
            if why := future.exception():
                whys.append(why)
            if left:
                return
            if whys and isinstance(whys[0], Exception):
                fail(done, whys[0])
            else:
                succeed(done)

        for operation in operations:
            large = len(operation.data) >= LARGE_BYTES
            future = self._ask(self._large if large else self._small, operation)
            future.add_done_callback(one)
        return done

    def _ask(self, lane: Lane, operation: Operation | None, path: str = "") -> Future[Any]:
        loop = asyncio.get_running_loop()
        future: Future[Any] = loop.create_future()
        lane.add(Pending(future, loop.time() + self._timeout_s, operation, path))
        return future

    async def _json(self, path: str) -> Any:
        answer = await self._ask(self._small, None, path)
        with self._expected(path):
            return orjson.loads(answer)

    @contextmanager
    def _expected(self, path: str) -> Iterator[None]:
        """Raise NodeDown for an unexpected body: another server may have the address by now."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:  # JSONDecodeError is one
            raise NodeDown(self.address, f"{path} is answered by something other than chunkd") from error


class Lane:
    """A queue of operations, and a few connections that send them."""

    def __init__(self, address: str, endpoint: Endpoint, connections: int, traffic: Traffic) -> None:
        self.address, self._endpoint, self._limit, self._traffic = address, endpoint, connections, traffic
        self._queue: deque[Pending] = deque()
        self._idle: list[HttpConnection] = []
        self._busy: set[Future[Any]] = set()
        self._scheduled = self._closed = False
        self.direct = True
        """Whether a batch may be sent on a persistent connection without a task."""
        self._backoff_s, self._retry_s, self._why = 0.0, 0.0, ""
        self.requests = 0

    def add(self, pending: Pending) -> None:
        loop = asyncio.get_running_loop()
        if self._closed or loop.time() < self._retry_s:
            fail(pending.future, NodeDown(self.address, "closed" if self._closed else self._why))
            return
        self._queue.append(pending)
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._dispatch)

    async def close(self) -> None:
        self._closed = True
        while self._queue or self._busy:
            self._dispatch()
            await asyncio.wait(self._busy)
        for connection in self._idle:
            connection.abort()

    def _dispatch(self) -> None:
        self._scheduled = False
        while self._queue and len(self._busy) < self._limit:
            taken = self._take()
            if self.direct and self._idle and taken[0].operation is not None:
                self._send_at_once(taken)
            else:
                self._begin(taken)

    def _begin(self, taken: list[Pending]) -> None:
        task = asyncio.ensure_future(self._send(taken))
        self._busy.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: Future[Any]) -> None:
        self._busy.discard(task)
        self._dispatch()

    def _send_at_once(self, taken: list[Pending]) -> None:
        """Send a batch on an idle connection, without a task: the fast path of `_send`."""
        connection, began_s, loop = self._idle.pop(), time.perf_counter(), asyncio.get_running_loop()
        pieces = self._pieces(taken)
        self.requests += 1
        answer = connection.request("POST", "/batch", pieces)
        late = loop.call_at(taken[0].deadline_s, connection.give_up)

        def answered(answer: Future[Response]) -> None:
            self._busy.discard(answer)
            late.cancel()
            if answer.exception() is None:
                self._answered(taken, connection, answer.result(), began_s)
                self._dispatch()
            elif loop.time() >= taken[0].deadline_s:
                self._down(taken, "no answer in time")
            else:
                self._begin(taken)

        self._busy.add(answer)
        answer.add_done_callback(answered)

    def _answered(
        self, taken: list[Pending], connection: HttpConnection, response: Response, began_s: float
    ) -> None:
        self._traffic.seconds.add(time.perf_counter() - began_s)
        self._traffic.received_bytes += len(response.body)
        self._keep(connection, response)
        try:
            self._resolve(taken, response)
            self._backoff_s = self._retry_s = 0.0
        except BatchError as error:
            self._down(taken, str(error))

    def _keep(self, connection: HttpConnection, response: Response) -> None:
        if response.keep and not self._closed:
            self._idle.append(connection)
        else:
            connection.abort()

    def _pieces(self, taken: list[Pending]) -> list[Buffer]:
        pieces = [
            p
            for pending in taken
            if pending.operation
            for p in batch_format.write_operation(pending.operation)
        ]
        self._traffic.sent_bytes += sum(map(len, pieces))
        return pieces

    def _take(self) -> list[Pending]:
        """Take the operations of the next request from the queue, oldest first."""
        taken: list[Pending] = []
        size = reads = 0
        while self._queue and len(taken) < batch_format.MAX_OPERATIONS:
            operation = self._queue[0].operation
            if operation is None:
                return taken or [self._queue.popleft()]
            size += len(operation.data)
            reads += operation.kind in (GET, RANGE)
            if taken and (size > REQUEST_BYTES or reads > REQUEST_READS):
                break
            taken.append(self._queue.popleft())
        return taken

    async def _send(self, taken: list[Pending]) -> None:
        """Send one request and resolve the futures of its operations."""
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout_at(taken[0].deadline_s):
                response = await self._exchange(taken)
            self._traffic.seconds.add(time.perf_counter() - began_s)
            self._traffic.received_bytes += len(response.body)
            self._resolve(taken, response)
            self._backoff_s = self._retry_s = 0.0
        except TimeoutError:
            self._down(taken, "no answer in time")
        except (ConnectionBroken, OSError, BatchError) as error:
            self._down(taken, str(error) or type(error).__name__)
        except BaseException as error:
            self._down(taken, repr(error))
            raise

    async def _exchange(self, taken: list[Pending]) -> Response:
        method, path = ("GET", taken[0].path) if taken[0].operation is None else ("POST", "/batch")
        pieces = self._pieces(taken)
        while True:
            connection = self._idle.pop() if self._idle else None
            kept = connection is not None
            if connection is None:
                connection = await self._endpoint.connect()
            self.requests += 1
            try:
                response = await connection.request(method, path, pieces)
            except BaseException as error:
                # The callers may reuse their buffers once their futures are done: nothing may still send
                # them.
                connection.abort()
                if kept and isinstance(error, ConnectionBroken):
                    continue
                raise
            self._keep(connection, response)
            return response

    def _resolve(self, taken: list[Pending], response: Response) -> None:
        if response.status != 200:
            why = self._refusal(response)
            for pending in taken:
                fail(pending.future, why(self.address, response.reason()))
            return
        if taken[0].operation is None:
            succeed(taken[0].future, response.body)
            return
        results = list(batch_format.read_results(response.body))
        if len(results) != len(taken):
            raise BatchError(f"{len(results)} results for {len(taken)} operations")
        for pending, (status, data) in zip(taken, results, strict=True):
            if status == OK:
                succeed(pending.future, data)
            else:
                fail(pending.future, self._error(status, data, pending.operation))

    def _refusal(self, response: Response) -> Callable[[str, str], NodeError]:
        return NodeFull if response.status == 507 else NodeDown

    def _error(self, status: int, data: bytes, operation: Operation | None) -> NodeError:
        if status == MISSING:
            return ChunkMissing(self.address, operation.chunk_id.hex() if operation else "")
        reason = data.decode(errors="replace")
        if status == FULL:
            return NodeFull(self.address, reason)
        return NodeDown(self.address, reason if status == DOWN else f"refused: {reason}")

    def _down(self, taken: list[Pending], why: str) -> None:
        """Fail everything that is queued, and refuse new operations until a backoff has passed."""
        self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, self._backoff_s * 2))
        self._retry_s = asyncio.get_running_loop().time() + self._backoff_s * random.uniform(0.5, 1)
        self._why = why
        for pending in (*taken, *self._queue):
            fail(pending.future, NodeDown(self.address, why))
        self._queue.clear()
