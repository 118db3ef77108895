"""The chunkd server: a node over HTTP, in front of any other kind.

    PUT GET HEAD DELETE /chunks/{id in hex}    one chunk; a single Range on GET
    POST /batch                                several operations at once (chunkd.batch_format)
    GET /scan?cursor=&limit=  /usage  /health  /docs

The hot paths are one bare ASGI callable (a FastAPI route costs three times as much), and plain batches bypass
even that (chunkd.server_protocol). FastAPI serves the rest. A bearer token is compared in constant time
before a byte of the body is read. A chunk that does not verify is refused, so that a chunk damaged in transit
is never stored.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
from asyncio import Future
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse

from chunkd import batch_format, frame
from chunkd.address import open_node
from chunkd.batch_format import BAD, DELETE, DOWN, FULL, GET, MISSING, OK, PUT, BatchError, Operation
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull
from chunkd.otel import traces_enabled
from chunkd.server_protocol import protocol_of
from chunkd.settings import Settings

log = logging.getLogger("chunkd.server")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
OPEN_PATHS = frozenset({"/docs", "/openapi.json"})
KEEP_ALIVE_S = 75
WAIT_STEP_S = 0.5
STATUS = {OK: 200, MISSING: 404, FULL: 507, DOWN: 503, BAD: 400}
_RANGE = re.compile(rb"bytes=(\d{1,18})-(\d{0,18})")
_SUFFIX = re.compile(rb"bytes=-(\d{1,18})")


class Refused(Exception):
    """Respond with this status, and the reason as plain text."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


class Server:
    """The ASGI application. The store is opened with the server's event loop, and closed with it."""

    def __init__(self, settings: Settings, *, base: Path) -> None:
        self._settings, self._base = settings, base
        secret = settings.secret()
        self._bearer = f"Bearer {secret}".encode() if secret else None
        self._store: Node | None = None
        self._admin = _admin(self.store)

    def store(self) -> Node:
        if self._store is None:
            raise NodeDown(self._settings.store, "not open")
        return self._store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            self._authorize(scope)
            path: str = scope["path"]
            if path == "/batch":
                await self._batch(scope, receive, send)
            elif path.startswith("/chunks/"):
                await self._chunk(scope, receive, send, _chunk_id(path))
            else:
                await self._admin(scope, receive, send)
        except Refused as refused:
            await _answer(send, refused.status, refused.reason.encode(), content_type=b"text/plain")

    def admits(self, shown: bytes | None) -> bool:
        return self._bearer is None or hmac.compare_digest(shown or b"", self._bearer)

    def begin(self, body: bytes) -> list[Future[Any]]:
        """Start all operations of a batch. Raises BatchError, NodeDown."""
        store = self.store()
        return [_start(store, operation) for operation in batch_format.read_operations(body)]

    def results(self, done: Sequence[Future[Any]]) -> list[Buffer]:
        return batch_format.write_results(map(_result, done))

    def _authorize(self, scope: Scope) -> None:
        if self._bearer is None or scope["path"] in OPEN_PATHS:
            return
        shown = _header(scope, b"authorization")
        if shown is None and scope["path"] == "/health":
            return
        if not self.admits(shown):
            raise Refused(401, "a bearer token is required (CHUNKD_TOKEN of this server)")

    async def _batch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or _header(scope, b"content-type") != batch_format.MEDIA_TYPE.encode():
            raise Refused(400, f"POST a body of the type {batch_format.MEDIA_TYPE}")
        try:
            started = self.begin(await _body(scope, receive))
        except BatchError as error:
            raise Refused(400, str(error)) from error
        if started:
            await asyncio.wait(started)
        await _answer(send, 200, *self.results(started))

    async def _chunk(self, scope: Scope, receive: Receive, send: Send, chunk_id: bytes) -> None:
        method = scope["method"]
        if method in ("GET", "HEAD"):
            status, data = await _waited(_start(self.store(), Operation(GET, chunk_id)))
            if status == OK:
                await _send_chunk(scope, send, data)
                return
        elif method in ("PUT", "DELETE"):
            kind = PUT if method == "PUT" else DELETE
            body = await _body(scope, receive) if kind == PUT else b""
            status, data = await _waited(_start(self.store(), Operation(kind, chunk_id, body)))
        else:
            raise Refused(405, "PUT, GET, HEAD or DELETE a chunk")
        if status == OK:
            await _answer(send, 204)
        else:
            raise Refused(STATUS[status], "" if method == "HEAD" else bytes(data).decode())

    async def _wait_for(self, store: Node) -> None:
        """Log what is wrong until the store answers. Meanwhile every operation gets 503."""
        logged = ""
        while True:
            try:
                await store.ping()
            except NodeError as error:
                if error.reason != logged:
                    logged = error.reason
                    log.warning("waiting for %s: %s", store.address, logged)
                await asyncio.sleep(WAIT_STEP_S)
            else:
                log.info("%s answers", store.address)
                return

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._store = await open_node(
                self._settings.store,
                base=self._base,
                timeout_s=self._settings.timeout_s,
                exclusive=True,
                ca=self._settings.ca,
            )
        except (ValueError, NodeError) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        watch = asyncio.create_task(self._wait_for(self._store), name="store watch")
        await receive()
        watch.cancel()
        await asyncio.wait([watch])
        await self._store.close()
        await send({"type": "lifespan.shutdown.complete"})


def serve(settings: Settings, *, base: Path | None = None) -> None:
    """Serve until a signal stops it.

    `base`: the directory of relative lmdb paths (default: the current one).
    """
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    server = Server(settings, base=base or Path.cwd())
    config = uvicorn.Config(
        _traced(server),
        http=protocol_of(server),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        lifespan="on",
        ws="none",
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    uvicorn.Server(config).run()


def _traced(server: Server) -> Any:
    """Wrap the server in tracing, if the environment enables it. Raises ValueError."""
    if not traces_enabled(os.environ):
        return server
    from chunkd.tracing import TracedServer  # imports OpenTelemetry, which is optional

    return TracedServer(server, server.store)


def _admin(store: Callable[[], Node]) -> FastAPI:
    app = FastAPI(title="chunkd", description="A storage node over HTTP", redoc_url=None)

    @app.exception_handler(NodeError)
    async def node_error(request: object, error: NodeError) -> JSONResponse:
        return JSONResponse({"detail": error.reason}, status_code=507 if isinstance(error, NodeFull) else 503)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Check that the store answers and can store durably."""
        await store().ping()
        return {"status": "ok"}

    @app.get("/usage")
    async def usage() -> dict[str, int | None]:
        now = await store().usage()
        return {"used_bytes": now.used_bytes, "capacity_bytes": now.capacity_bytes, "chunks": now.chunks}

    @app.get("/scan")
    async def scan(cursor: str = "", limit: int = Query(default=1000, ge=1, le=10_000)) -> dict[str, Any]:
        """List chunks as [id in hex, stored bytes], with the next cursor; an empty one starts and ends a
        scan.
        """
        try:
            at = bytes.fromhex(cursor)
        except ValueError as error:
            raise HTTPException(400, "the cursor must be hex") from error
        page, following = await store().scan(at, limit)
        return {"chunks": [(chunk_id.hex(), size) for chunk_id, size in page], "cursor": following.hex()}

    return app


def _start(store: Node, operation: Operation) -> Future[Any]:
    """Start one operation on the store."""
    kind, chunk_id, data, first, last = operation
    if kind == PUT:
        try:
            frame.decode(chunk_id, data)
        except frame.FrameError as error:
            refused: Future[None] = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused
        return store.put_many([(chunk_id, data)])
    if kind == DELETE:
        return store.delete_many([chunk_id])
    return store.get(chunk_id) if kind == GET else store.get_range(chunk_id, first, last)


async def _waited(future: Future[Any]) -> tuple[int, Buffer]:
    await asyncio.wait([future])
    return _result(future)


def _result(future: Future[Any]) -> tuple[int, Buffer]:
    """The status and bytes of a finished operation."""
    try:
        return OK, future.result() or b""
    except ChunkMissing:
        return MISSING, b""
    except NodeFull as error:
        return FULL, error.reason.encode()
    except NodeError as error:
        return DOWN, error.reason.encode()
    except frame.FrameError as error:
        return BAD, str(error).encode()


async def _send_chunk(scope: Scope, send: Send, data: Buffer) -> None:
    """Send a whole chunk, or the requested range (RFC 9110, section 14.2)."""
    wanted = _header(scope, b"range") if scope["method"] == "GET" else None
    size = len(data)
    cut = _parse_range(wanted, size) if wanted else None
    if cut is None:
        body = (data,) if scope["method"] == "GET" else ()
        await _answer(send, 200, *body, length=size)
    elif cut[0] >= cut[1]:
        await _answer(send, 416, extra=[(b"content-range", b"bytes */%d" % size)])
    else:
        span = b"bytes %d-%d/%d" % (cut[0], cut[1] - 1, size)
        await _answer(send, 206, memoryview(data)[cut[0] : cut[1]], extra=[(b"content-range", span)])


def _parse_range(wanted: bytes, size: int) -> tuple[int, int] | None:
    """[start, stop) of a Range header; empty if it is unsatisfiable, None if it is to be ignored."""
    if found := _SUFFIX.fullmatch(wanted):
        return max(0, size - int(found[1])), size
    if found := _RANGE.fullmatch(wanted):
        start, stop = int(found[1]), int(found[2]) + 1 if found[2] else size
        return (start, min(size, stop)) if stop > start or not found[2] else None
    return None


def _chunk_id(path: str) -> bytes:
    try:
        chunk_id = bytes.fromhex(path.removeprefix("/chunks/"))
    except ValueError:
        chunk_id = b""
    if not 0 < len(chunk_id) <= batch_format.MAX_ID_BYTES:
        raise Refused(400, f"a chunk's id is 1 to {batch_format.MAX_ID_BYTES} bytes in hex")
    return chunk_id


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Read the request's body. Refuses one that is too large, before reading it if its length is declared."""
    declared = _header(scope, b"content-length")
    if declared is not None and int(declared) > batch_format.MAX_BODY_BYTES:
        raise Refused(413, f"a body has at most {batch_format.MAX_BODY_BYTES} bytes")
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the client went away")
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
        if size > batch_format.MAX_BODY_BYTES:
            raise Refused(413, f"a body has at most {batch_format.MAX_BODY_BYTES} bytes")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _answer(
    send: Send,
    status: int,
    *pieces: Buffer,
    extra: Sequence[tuple[bytes, bytes]] = (),
    length: int | None = None,
    content_type: bytes = b"application/octet-stream",
) -> None:
    size = sum(map(len, pieces)) if length is None else length
    headers = [*extra]
    if status != 204:
        headers += [(b"content-length", b"%d" % size), (b"content-type", content_type)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"".join(pieces)})
