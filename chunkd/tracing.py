"""OpenTelemetry spans for requests to nodes, and trace propagation to a chunkd server and on to its store.

This module is imported only if tracing is enabled (`chunkd.otel`). It wraps the methods of an open node, so
that the code of nodes does not know it, and runs unchanged without it. OpenTelemetry's SDK (`pip install
sixfold[otel]`) is set up by the OTEL_* variables of its specification; the context travels as W3C's
traceparent. A request to a chunkd server may hold operations of many traces: its traceparent is that of the
first, and the header TRACES lists those of all, in order.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chunkd.http import HttpNode, Lane, Pending
from chunkd.http1 import Endpoint, HttpConnection
from chunkd.node import ChunkMissing, Node

TRACES = "x-chunkd-traces"
MOST_TRACES = 128  # of one request: as many as fit into its headers
CLOSE_S = 5.0
W3C = TraceContextTextMapPropagator()

Call = Callable[..., asyncio.Future[Any]]

_MARK = "_sixfold_traced"
_asked: WeakKeyDictionary[asyncio.Future[Any], str] = WeakKeyDictionary()
"""The traceparent of each pending operation, by its future."""
_sending: ContextVar[Sequence[Pending]] = ContextVar("sending", default=())
_parents: ContextVar[Iterator[Context]] = ContextVar("parents")
"""In a chunkd server: the contexts of a request's operations, in order."""


class Tracing:
    """A tracer and its provider."""

    def __init__(self, service: str) -> None:
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        resource = Resource.create({} if named else {"service.name": service})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.tracer = self._provider.get_tracer(service)

    async def close(self) -> None:
        """Send the remaining spans, within CLOSE_S."""
        await asyncio.to_thread(self._provider.force_flush, int(CLOSE_S * 1000))
        await asyncio.to_thread(self._provider.shutdown)


def traceparent() -> str:
    """The W3C traceparent of the current span, "" without one."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier.get("traceparent", "")


def recording() -> bool:
    """Whether the current span is recorded."""
    return trace.get_current_span().is_recording()


def ended(span: Span, future: asyncio.Future[Any]) -> None:
    """End a span with the outcome of its future."""
    if not future.cancelled() and (why := future.exception()) is not None:
        span.set_attribute("error.type", type(why).__name__)
        if not isinstance(why, ChunkMissing):
            span.set_status(StatusCode.ERROR, str(why))
    span.end()


# --- a node's client ------------------------------------------------------------------------------


def instrument(node: Node, tracer: Tracer, prefix: str) -> None:
    """Make a node record spans `prefix get`, `prefix put`, ..., as children of the current span."""
    if hasattr(node, _MARK):
        return
    setattr(node, _MARK, True)
    for name in ("get", "get_range", "put_many", "delete_many"):
        setattr(node, name, _spanned(tracer, prefix, name, node.address, getattr(node, name)))
    if node.group is not None and not hasattr(node.group, _MARK):
        _instrument_group(node.group, tracer, prefix)
    if isinstance(node, HttpNode):
        for lane in (node._small, node._large):
            _propagate(lane)


def _spanned(tracer: Tracer, prefix: str, name: str, address: str, call: Call) -> Call:
    title, many = f"{prefix} {name.removesuffix('_many')}", name.endswith("_many")

    def traced(given: Any, *more: Any) -> asyncio.Future[Any]:
        parents = _parents.get(None)
        parent = next(parents, None) if parents is not None else None
        if parent is None and not recording():
            return call(given, *more)
        attributes = _described(address, given if many else [given])
        span = tracer.start_span(title, parent, kind=SpanKind.CLIENT, attributes=attributes)
        with trace.use_span(span):
            future = call(given, *more)
        future.add_done_callback(partial(ended, span))
        return future

    return traced


def _described(address: str, chunks: Sequence[Any]) -> dict[str, Any]:
    pairs = [chunk if isinstance(chunk, tuple) else (chunk, b"") for chunk in chunks]
    out: dict[str, Any] = {"server.address": address, "chunk.id": [name.hex() for name, _ in pairs]}
    if size := sum(len(data) for _, data in pairs):
        out["chunk.bytes"] = size
    return out


def _instrument_group(group: Any, tracer: Tracer, prefix: str) -> None:
    """Make a node group record a span for each chunk. The spans of one call begin and end together."""
    setattr(group, _MARK, True)
    read_all, write_all, stage = group.read_all, group.write_all, group.stage

    def begin(name: str, chunks: Sequence[tuple[Any, ...]]) -> list[Span]:
        if not recording():
            return []
        return [
            tracer.start_span(
                f"{prefix} {name}",
                kind=SpanKind.CLIENT,
                attributes=_described(node.address, [(chunk, *data)]),
            )
            for node, chunk, *data in ((c[0], c[1], *(c[2:] or (b"",))) for c in chunks)
        ]

    def traced_read(wanted: Sequence[tuple[Node, bytes]]) -> Any:
        spans = begin("get", wanted)
        try:
            return read_all(wanted)
        finally:
            for span in spans:
                span.end()

    def traced_write(nodes: Sequence[Node], chunks: Sequence[tuple[bytes, Any]]) -> Any:
        spans = begin("put", [(node, *chunk) for node, chunk in zip(nodes, chunks, strict=True)])
        future = write_all(nodes, chunks)
        for span in spans:
            future.add_done_callback(partial(ended, span))
        return future

    def traced_stage(nodes: Sequence[Node], chunks: Sequence[tuple[bytes, Any]]) -> bool:
        taken: bool = stage(nodes, chunks)
        if taken:
            for span in begin("put", [(node, *chunk) for node, chunk in zip(nodes, chunks, strict=True)]):
                span.set_attribute("chunk.staged", True)
                span.end()
        return taken

    group.read_all, group.write_all, group.stage = traced_read, traced_write, traced_stage


def _propagate(lane: Lane) -> None:
    """Make the requests of a lane send the traces of their operations."""
    add, exchange = lane.add, lane._exchange

    def traced_add(pending: Pending) -> None:
        if recording():
            _asked[pending.future] = traceparent()
        add(pending)

    async def traced_exchange(taken: list[Pending]) -> Any:
        _sending.set(taken)  # in the context of this request's task
        return await exchange(taken)

    patched: Any = lane
    patched.direct = False  # the trace of a request is in the context of its task
    patched.add, patched._exchange = traced_add, traced_exchange
    patched._endpoint = _TracedEndpoint(lane._endpoint)
    for stream in lane._idle:
        _traced_connection(stream)


class _TracedEndpoint:
    """An endpoint whose connections send trace headers."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def connect(self) -> HttpConnection:
        return _traced_connection(await self._endpoint.connect())


def _traced_connection(stream: HttpConnection) -> HttpConnection:
    request, head = stream.request, stream._head

    def traced_request(method: str, path: str, pieces: Any) -> Any:
        stream._head = head + _trace_headers(_sending.get())
        return request(method, path, pieces)

    patched: Any = stream
    patched.request = traced_request
    return stream


def _trace_headers(taken: Sequence[Pending]) -> str:
    parents = [_asked.get(pending.future, "") for pending in taken[:MOST_TRACES]]
    first = next(filter(None, parents), None)
    if first is None:
        return ""
    return f"traceparent: {first}\r\n{TRACES}: {','.join(parents)}\r\n"


# --- a chunkd server ------------------------------------------------------------------------------


class TracedServer:
    """A chunkd server's ASGI application, with a span for each request, and its store's spans as children."""

    def __init__(self, server: Any, store: Callable[[], Node]) -> None:
        self._server, self._store = server, store
        self._tracing = Tracing("sixfold-chunkd")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        if scope["type"] != "http" or "traceparent" not in headers:
            await self._server(scope, receive, send)
            if scope["type"] == "lifespan":
                await self._tracing.close()
            return
        tracer, node = self._tracing.tracer, self._store()
        instrument(node, tracer, urlsplit(node.address).scheme)
        name = f"{scope['method']} {scope['path'].partition('/chunks/')[1] or scope['path']}"
        with tracer.start_as_current_span(name, W3C.extract(headers), kind=SpanKind.SERVER) as span:
            _parents.set(_contexts(headers, trace.set_span_in_context(span)))
            await self._server(scope, receive, _record_status(span, send))


def _contexts(headers: Mapping[str, str], own: Context) -> Iterator[Context]:
    """The context of each operation: the request's, or its own if it belongs to another trace."""
    first = headers["traceparent"].split("-")[1:2]
    for parent in headers.get(TRACES, "").split(","):
        yield own if not parent or parent.split("-")[1:2] == first else W3C.extract({"traceparent": parent})
    while True:
        yield own


def _record_status(span: Span, send: Any) -> Any:
    async def record(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
        await send(message)

    return record
