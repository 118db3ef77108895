"""GET /api/events: what happens in buckets, as it happens (server-sent events, WHATWG HTML 9.2).

A bucket is in the stream when its notification configuration has an EventBridgeConfiguration; each event is
one message, its data the record that webhooks receive. A client that comes back with Last-Event-ID is told
what it has missed, as long as the stream remembers (`event_live_s`). Whoever listens is told of the buckets
of its own account.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from metadata.errors import MetadataError
from metadata.ids import now_us
from metadata.records import OutboxEvent
from metadata.stores.outbox import OutboxStore
from s3api.errors import S3Error
from s3api.events.event_types import matches_event_type
from s3api.events.message import Event, parse_event, record
from s3api.events.subscriptions import LIVE
from s3api.observe.record import HOST_ID
from s3api.rest.problem_details import ProblemRoute
from s3api.store import Store

router = APIRouter(route_class=ProblemRoute, tags=["events"])
PAGE = 256
POLL_S, SILENCE_S = 0.5, 15.0
# On PostgreSQL an id may come to light after a greater one: this long a reader looks back.
OVERLAP_US = 3_000_000
MOST_LISTENERS = 64


class Listeners:
    """Who listens in this process: each asks the database twice a second, until the server stops."""

    def __init__(self, most: int = MOST_LISTENERS) -> None:
        self._most, self._now = most, 0
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def pause(self, seconds: float) -> bool:
        """Whether to go on after so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
        return not self._stopped.is_set()

    def enter(self) -> None:
        if self._now >= self._most:
            raise S3Error("SlowDown", "Too many clients listen to events.")
        self._now += 1

    def leave(self) -> None:
        self._now -= 1


@router.get("", summary="Follow events", response_class=StreamingResponse)
async def follow(
    request: Request,
    bucket: Annotated[str | None, Query(description="Of this bucket alone.")] = None,
    prefix: Annotated[str, Query(description="Of keys that begin so.")] = "",
    suffix: Annotated[str, Query(description="Of keys that end so.")] = "",
    event: Annotated[list[str] | None, Query(description="Of these kinds: s3:ObjectCreated:*, ...")] = None,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """An endless stream of `text/event-stream`; `id` is to be sent back as Last-Event-ID."""
    store: Store = request.app.state.store
    owner: str = request.state.owner

    def wanted(one: Event) -> bool:
        return (
            one.bucket_owner == owner
            and bucket in (None, one.bucket)
            and one.key.startswith(prefix)
            and one.key.endswith(suffix)
            and (not event or any(matches_event_type(name, one.kind) for name in event))
        )

    outbox = store.metadata.outbox
    start = await outbox.last_id() if last_event_id is None else last_event_id
    listeners: Listeners = request.app.state.listeners
    listeners.enter()
    return StreamingResponse(
        _told(outbox, start, wanted, listeners),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _told(
    outbox: OutboxStore, start: int, wanted: Callable[[Event], bool], listeners: Listeners
) -> AsyncIterator[bytes]:
    try:
        said_s = time.monotonic()
        yield b"retry: 1000\n\n"
        async for each in _new(outbox, start, listeners):
            if each is None:
                if time.monotonic() - said_s > SILENCE_S:
                    said_s = time.monotonic()
                    yield b": still here\n\n"  # so that proxies keep the connection, and a lost one is seen
            elif wanted(one := parse_event(each.id, each.document)):
                said_s = time.monotonic()
                data = orjson.dumps(record(one, host_id=HOST_ID))
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (each.id, one.kind.encode(), data)
    finally:
        listeners.leave()


async def _new(outbox: OutboxStore, low: int, listeners: Listeners) -> AsyncIterator[OutboxEvent | None]:
    """Every event after the id `low` once, as they come; None now and then, when there is nothing."""
    told: set[int] = set()
    going = True
    while going:
        at = low
        while True:
            try:
                found = await outbox.after(LIVE, at, PAGE)
            except MetadataError:
                found = []  # it is back before long, and then what came meanwhile is told
            for each in found:
                at = each.id
                if each.id not in told:
                    told.add(each.id)
                    yield each
                if each.occurred_us < now_us() - OVERLAP_US:
                    low = max(low, each.id)
            if len(found) < PAGE:
                break
        told = {id_ for id_ in told if id_ > low}
        yield None
        going = await listeners.pause(POLL_S)
