"""Spans of a gateway: the request, authentication, authorization, each metadata transaction with the size of
its batch, each stripe, and (`chunkd.tracing`) each chunk on each node.

Without tracing this module is not imported. With tracing, it wraps methods of the objects of an open gateway;
these know nothing of it, so tracing that is off costs nothing. Background work makes no spans.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from chunkd.tracing import W3C, Tracing, ended, instrument, recording
from metadata import Metadata
from s3api.blobs import BlobStore
from s3api.blobs.erasure import DATA_CHUNKS
from s3api.gateway.gateway import Gateway
from s3api.http.request import Answer, Request, joined
from s3api.observe.record import AccessRecord

Committed = Callable[[Sequence[Any], float], None]


class GatewayTracing:
    """The tracing of one gateway, from `instrument` until `close`."""

    def __init__(self) -> None:
        self._tracing = Tracing("sixfold-gateway")
        self._tracer = self._tracing.tracer
        self._writes: WeakKeyDictionary[Any, trace.Span] = WeakKeyDictionary()

    def instrument(self, app: Any, authority: Any, metadata: Metadata, blobs: BlobStore) -> None:
        """Wrap the methods of a gateway's objects. `app` has REST requests and all access records."""
        app.sinks.all.insert(0, self._note)
        app._api_answer = self._api_answer(app._api_answer)
        for name in ("has_full_access", "access_for", "check_without_bucket"):
            setattr(authority, name, _spanned(self._tracer, "authorize", getattr(authority, name)))
        self._instrument_metadata(metadata)
        self._instrument_blobs(blobs)

    def instrument_gateway(self, gateway: Gateway) -> Gateway:
        """Wrap the methods of a gateway. A reload makes a new gateway, which is wrapped too."""
        patched: Any = gateway
        patched.serve = self._serve(gateway.serve)
        patched._authenticate = _spanned(self._tracer, "authenticate", gateway._authenticate)
        return gateway

    async def close(self) -> None:
        await self._tracing.close()

    def _note(self, record: AccessRecord) -> None:
        """Describe the finished request in its span, and set the trace id of its record. The first sink."""
        span = trace.get_current_span()
        context = span.get_span_context()
        if not context.is_valid:
            return
        record.trace_id = f"{context.trace_id:032x}"
        span.update_name(record.operation or record.method)
        attributes: dict[str, Any] = {
            "http.request.method": record.method,
            "http.response.status_code": record.status,
            "client.address": record.client,
            "aws.request_id": record.request_id,
            "aws.s3.bucket": record.bucket,
            "aws.s3.key": record.key,
            "error.type": record.code,
        }
        span.set_attributes({name: value for name, value in attributes.items() if value})
        if record.status >= 500:
            span.set_status(StatusCode.ERROR, record.code)

    def _serve(self, serve: Callable[[Request, Answer], Awaitable[None]]) -> Any:
        async def within(request: Request, answer: Answer) -> None:
            parent = W3C.extract(request.headers, Context())
            with self._tracer.start_as_current_span(request.method, parent, kind=SpanKind.SERVER):
                await serve(request, answer)

        async def traced(request: Request, answer: Answer) -> None:
            # A span is current in one context, and the first step of a request runs in another than the rest.
            await asyncio.ensure_future(within(request, answer))

        return traced

    def _api_answer(self, answer: Callable[..., Awaitable[None]]) -> Any:
        async def traced(scope: Any, receive: Any, send: Any) -> None:
            parent = W3C.extract(joined(scope["headers"]), Context())
            with self._tracer.start_as_current_span(scope["method"], parent, kind=SpanKind.SERVER):
                await answer(scope, receive, send)

        return traced

    # --- metadata ---------------------------------------------------------------------------------

    def _instrument_metadata(self, metadata: Any) -> None:
        runner = metadata.runner
        runner.read, runner.read_cached = self._read(runner.read), self._read(runner.read_cached)
        write = runner.write

        def traced_write(key: Any, make: Any, *arguments: Any) -> Any:
            future = write(key, make, *arguments)
            if recording():
                span = self._tracer.start_span(f"metadata {_name(make)}", kind=SpanKind.CLIENT)
                self._writes[future] = span
                future.add_done_callback(partial(ended, span))
            return future

        runner.write = traced_write
        metadata.watch(self._committed(runner.on_commit))

    def _read(self, read: Any) -> Any:
        async def traced(make: Any, *arguments: Any) -> Any:
            if not recording():
                return await read(make, *arguments)
            with self._tracer.start_as_current_span(f"metadata {_name(make)}", kind=SpanKind.CLIENT):
                return await read(make, *arguments)

        return traced

    def _committed(self, others: Committed) -> Committed:
        def committed(batch: Sequence[Any], seconds: float) -> None:
            for job in batch:
                if span := self._writes.get(job.future):
                    span.set_attribute("db.operation.batch.size", len(batch))
                    span.set_attribute("metadata.commit_seconds", seconds)
            others(batch, seconds)

        return committed

    # --- blobs ------------------------------------------------------------------------------------

    def _instrument_blobs(self, blobs: Any) -> None:
        reader, writer, cluster = blobs._reader, blobs._writer, blobs.cluster
        stripe_reader, stripe_writer = reader.stripes, writer.stripes
        stripe_reader.fetch = self._stripe(stripe_reader.fetch, _of_piece)
        reader._read_from_group = self._stripe_from_group(reader._read_from_group, cluster)
        stripe_writer.put = self._stripe(stripe_writer.put, _of_put, name="stripe write")
        writer.staging.take = self._staged(writer.staging.take)
        refresh = cluster.refresh

        def instrument_all() -> None:
            for member in cluster.members():
                if member.node is not None:
                    instrument(member.node, self._tracer, "chunk")

        async def traced_refresh() -> None:
            await refresh()
            instrument_all()

        cluster.refresh = traced_refresh
        instrument_all()

    def _stripe(self, call: Any, describe: Callable[..., dict[str, Any]], name: str = "stripe read") -> Any:
        async def traced(*arguments: Any) -> Any:
            if not recording():
                return await call(*arguments)
            attributes = describe(*arguments)
            with self._tracer.start_as_current_span(name, attributes=attributes):
                return await call(*arguments)

        return traced

    def _staged(self, take: Any) -> Any:
        """Trace a stripe that is staged. One that is not is traced as an ordinary write."""

        def traced(blob: Any, chunks: Any) -> bool:
            if not recording():
                return bool(take(blob, chunks))
            span = self._tracer.start_span("stripe write", attributes=_of_put(blob.nodes, chunks))
            with trace.use_span(span):
                taken = bool(take(blob, chunks))
            if taken:
                span.end()
            return taken

        return traced

    def _stripe_from_group(self, call: Any, cluster: Any) -> Any:
        def traced(blob: Any) -> Any:
            if not recording() or cluster.group_of(blob.nodes[:DATA_CHUNKS]) is None:
                return call(blob)  # its chunks are then read one by one, as a stripe
            attributes = {"blob.id": blob.id.hex(), "stripe": 0, "bytes": blob.size}
            with self._tracer.start_as_current_span("stripe read", attributes=attributes):
                return call(blob)

        return traced


def _spanned(tracer: Tracer, name: str, call: Any) -> Any:
    """Wrap a function or coroutine function in a span."""

    async def awaited(*arguments: Any, **named: Any) -> Any:
        with tracer.start_as_current_span(name):
            return await call(*arguments, **named)

    def called(*arguments: Any, **named: Any) -> Any:
        with tracer.start_as_current_span(name):
            return call(*arguments, **named)

    return awaited if inspect.iscoroutinefunction(call) else called


def _of_piece(piece: Any) -> dict[str, Any]:
    return {"blob.id": piece.blob.id.hex(), "stripe": piece.stripe, "bytes": piece.stop - piece.start}


def _of_put(nodes: Sequence[int], chunks: Sequence[tuple[bytes, Any]]) -> dict[str, Any]:
    return {"nodes": list(nodes), "bytes": sum(len(data) for _, data in chunks)}


def _name(make: Any) -> str:
    """Return the name of a transaction."""
    return str(getattr(make, "__name__", "transaction")).replace("<lambda>", "transaction")
