"""The ASGI application: what lies under /api is FastAPI's, everything else is the bare S3 gateway's.

A plain dispatcher stands before both, so S3 pays nothing for FastAPI; what comes to a bucket's own host name
is S3, whatever its path. FastAPI's lifespan opens the store. Nothing here knows an operation.
"""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import FastAPI

from chunkd.otel import traces_enabled
from s3api.access.authority import Authority
from s3api.access.bucket_configuration import NO_OWNERSHIP, Defaults
from s3api.access.decision import ENFORCED, FULL_BLOCK, NO_BLOCK
from s3api.access.denials import Denials
from s3api.body import ClientGone
from s3api.errors import S3Error
from s3api.gateway.gateway import Gateway
from s3api.http.proxies import Proxies
from s3api.http.request import Answer, Receive, Request, Scope, Send, date, send_reply
from s3api.observe import CLIENT_GONE, AccessRecord, Sinks
from s3api.observe.access_log import AccessLog, check_access_log
from s3api.observe.line_writer import LineWriter
from s3api.observe.logging_setup import configure_logging
from s3api.observe.metrics import Metrics
from s3api.observe.record import SERVER, new_request_id
from s3api.observe.workers import own_siblings
from s3api.operations.call import Backend
from s3api.rest import create_api
from s3api.rest.events import Listeners
from s3api.serving.background import background
from s3api.serving.reloading import Reloaded, merge_settings, on_hangup
from s3api.settings import Settings, SettingsError
from s3api.store import Store, open_store
from s3api.wire import error_reply, parse_target

log = logging.getLogger("sixfold")
GC_THRESHOLD = 50_000


class App:
    """The whole gateway as one ASGI application.

    `store` is set between start-up and shutdown; `sinks` get the record of every finished request.
    `server_reload` is the server's part of a reload; if it raises SettingsError, nothing changes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        own_process: bool = False,
        read_settings: Callable[[], Settings] | None = None,
    ) -> None:
        self.settings, self._own_process = settings, own_process
        self._read_settings = read_settings or (lambda: self.settings)
        self.server_reload: Callable[[Settings], None] = lambda settings: None
        self.store: Store | None = None
        self._metrics = Metrics(lambda: self._active)
        self.sinks = Sinks(self._metrics)
        self._active = 0
        self._api = create_api(settings, lifespan=self._lifespan)
        self._gateway: Gateway | None = None
        self._listeners = Listeners()
        self._make_gateway: Callable[[], Gateway]
        self._access_log: AccessLog | None = None
        self._api.state.reload = self.reload
        self._adopt(settings)

    def stopping(self) -> None:
        """End the streams without an end: the server waits for all answers before it stops."""
        self._listeners.stop()

    def reload(self) -> Reloaded:
        """Read the settings again and apply them. Raises SettingsError; then nothing changes."""
        settings, done = merge_settings(self.settings, self._read_settings())
        check_access_log(settings)
        self.server_reload(settings)
        self._adopt(settings)
        if self._access_log is not None:
            self._access_log.writer.reopen(settings.logs.access_log_path)
            self._access_log.configure(log_format=settings.logs.format, which=settings.logs.access_log)
        if self._gateway is not None and done.changed:
            self._gateway = self._make_gateway()
        if self._own_process:
            configure_logging(settings.logs.level, settings.logs.format)
        done.log()
        return done

    def _on_hangup(self) -> None:
        try:
            self.reload()
        except SettingsError as why:
            log.error("not reloaded, the settings are invalid: %s", why)

    def _adopt(self, settings: Settings) -> None:
        """Apply the settings that App itself uses."""
        self.settings = self._api.state.settings = settings
        self._max_active = settings.http.max_concurrent_requests
        trusted = settings.http.trusted_proxies
        self.proxies = Proxies(trusted, settings.http.public_hosts) if trusted else None
        if self.store is not None:
            self.store.keys.cache_s = settings.access.key_cache_s
            self.store = self._api.state.store = replace(self.store, settings=settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        if self.proxies is not None:
            self.proxies.rewrite(scope)
        if not self._is_api(scope):
            await self.answer_s3(Request(scope, receive), partial(send_reply, send))
        elif self._active >= self._max_active:
            await self._answer_slow_down(scope, partial(send_reply, send))
        else:
            self._active += 1
            try:
                await self._api_answer(scope, receive, send)
            except ClientGone:
                pass  # no client to answer
            finally:
                self._active -= 1

    async def answer_s3(self, request: Request, answer: Answer) -> None:
        """Answer an S3 request, with SlowDown beyond `max_concurrent_requests`."""
        gateway = self._gateway
        if self._active >= self._max_active or gateway is None:
            with suppress(ClientGone):
                await self._answer_slow_down(request.scope, answer)
            return
        self._active += 1
        try:
            await gateway.serve(request, answer)
        finally:
            self._active -= 1

    def _is_api(self, scope: Scope) -> bool:
        """Whether FastAPI answers. A request with an S3 signature is for S3, so that a client that asks for a
        bucket named `api` gets an S3 error.
        """
        path: bytes = scope["raw_path"]
        if not path.startswith(b"/api") or path[4:5] not in (b"", b"/"):
            return False
        headers = dict(scope["headers"])
        if headers.get(b"authorization", b"").startswith(b"AWS"):
            return False
        host = headers.get(b"host", b"").decode("latin-1")
        named = self.settings.http.domains + self.settings.http.website_domains
        return parse_target(b"/", host, named)[0] is None

    async def _api_answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.pop("state", {})
        record = AccessRecord({**scope}, new_request_id())  # a copy, since the state makes a reference cycle
        scope["state"] = {**state, "record": record}
        received = 0

        async def receive_counted() -> MutableMapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def send_dated(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(b"x-request-id", record.request_id.encode()), (b"date", date()), (b"server", SERVER)]
                message["headers"] = [*message["headers"], *own]
                record.status, record.answered = message["status"], time.perf_counter()
            await send(message)
            record.sent += len(message.get("body", b""))

        try:
            await self._api(scope, receive_counted, send_dated)
        except ClientGone:
            record.code = CLIENT_GONE
        finally:
            route = scope.get("endpoint")
            record.operation = f"rest.{route.__name__ if route else 'other'}"
            record.end(received)
            self.sinks(record)

    async def _answer_slow_down(self, scope: Scope, answer: Answer) -> None:
        record = AccessRecord(scope, new_request_id())
        record.code = "SlowDown"
        resource = scope["raw_path"].decode("latin-1")
        reply = error_reply(S3Error(record.code), resource=resource, request_id=record.request_id)
        headers = [*reply.headers, (b"date", date()), (b"server", SERVER), (b"connection", b"close")]
        record.status = reply.status
        try:
            await answer(reply.status, headers, reply.body, head=scope["method"] == "HEAD", count=record)
        finally:
            record.end(0)
            self.sinks(record)

    @asynccontextmanager
    async def _lifespan(self, api: FastAPI) -> AsyncIterator[None]:
        async with open_store(self.settings) as store, self._logged():
            settings = self.settings
            defaults = Defaults(
                NO_OWNERSHIP if settings.access.acls else ENFORCED,
                FULL_BLOCK if settings.access.block_public_access else NO_BLOCK,
                settings.access.lenient,
            )
            authority = Authority(
                metadata=store.metadata,
                buckets=store.buckets,
                keys=store.keys,
                denials=Denials(settings.data),
                region=settings.region,
                defaults=defaults,
            )
            backend = Backend(
                store.metadata,
                store.blobs,
                store.buckets,
                store.keys,
                store.data_keys,
                settings.region,
                store.targets,
                defaults,
            )
            self.store = api.state.store = store
            self._listeners = api.state.listeners = Listeners()
            store.metadata.watch(self._metrics.committed)
            api.state.metrics, api.state.siblings = self._metrics, (siblings := own_siblings())
            async with (
                traced(self, authority, store) as instrument,
                siblings.sharing(lambda: self._metrics.own(store)),
                background(store, backend, self.sinks) as logs,
            ):
                api.state.backend = backend = replace(backend, flush_log=logs.flush)
                self._make_gateway = lambda: instrument(
                    Gateway(backend=backend, authority=authority, settings=self.settings, sink=self.sinks)
                )
                self._gateway = self._make_gateway()
                if self._own_process:
                    _tune_gc()
                with on_hangup(self._on_hangup) if self._own_process else nullcontext():
                    try:
                        yield
                    finally:
                        self._gateway = None

    @asynccontextmanager
    async def _logged(self) -> AsyncIterator[None]:
        """Open the access log for the time of the context."""
        settings = self.settings
        writer = LineWriter(settings.logs.access_log_path)
        access_log = AccessLog(writer, log_format=settings.logs.format, which=settings.logs.access_log)
        self.sinks.all.append(access_log)
        self._access_log = access_log
        try:
            yield
        finally:
            self._access_log = None
            self.sinks.all.remove(access_log)
            writer.close()


@asynccontextmanager
async def traced(app: App, authority: Authority, store: Store) -> AsyncIterator[Callable[[Gateway], Gateway]]:
    """Send traces for the time of the context if the environment configures an exporter.

    Gives a function that instruments a gateway. Raises ValueError for an invalid configuration.
    """
    if not traces_enabled(os.environ):
        yield lambda gateway: gateway
        return
    from s3api.serving.tracing import GatewayTracing  # imports OpenTelemetry, an optional dependency

    tracing = GatewayTracing()
    tracing.instrument(app, authority, store.metadata, store.blobs)
    try:
        yield tracing.instrument_gateway
    finally:
        await tracing.close()


def create_app(
    settings: Settings,
    *,
    own_process: bool = False,
    read_settings: Callable[[], Settings] | None = None,
) -> App:
    """Make the application.

    `own_process`: the process runs nothing else, so the garbage collector is tuned, logging is configured and
    SIGHUP reloads. `read_settings` is called by a reload; it may raise SettingsError.
    """
    return App(settings, own_process=own_process, read_settings=read_settings)


def _tune_gc() -> None:
    """Exclude the objects of the start from garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
