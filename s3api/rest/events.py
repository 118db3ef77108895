"""GET /api/events: the events of buckets as a live stream (server-sent events, WHATWG HTML 9.2).

A bucket is in the stream if its notification configuration has an EventBridgeConfiguration. Each event is one
message whose data is the record that webhooks receive. A client that reconnects with Last-Event-ID gets the
events that it missed, of the last `event_live_s` seconds. The stream has the buckets of the caller's account.
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
# On PostgreSQL an id may become visible after a greater one: a reader looks back this far.
OVERLAP_US = 3_000_000
MOST_LISTENERS = 64


class Listeners:
    """The event streams of this process. Each queries the database twice a second, until the server stops."""

    def __init__(self, most: int = MOST_LISTENERS) -> None:
        self._most, self._now = most, 0
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def pause(self, seconds: float) -> bool:
        """Wait, and return whether the server still runs."""
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
    bucket: Annotated[str | None, Query(description="Only events of this bucket.")] = None,
    prefix: Annotated[str, Query(description="Only keys with this prefix.")] = "",
    suffix: Annotated[str, Query(description="Only keys with this suffix.")] = "",
    event: Annotated[list[str] | None, Query(description="Only these types: s3:ObjectCreated:*, ...")] = None,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """An endless `text/event-stream`. Send the last `id` as Last-Event-ID to continue it."""
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
        _stream(outbox, start, wanted, listeners),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _stream(
    outbox: OutboxStore, start: int, wanted: Callable[[Event], bool], listeners: Listeners
) -> AsyncIterator[bytes]:
    try:
        sent_s = time.monotonic()
        yield b"retry: 1000\n\n"
        async for each in _events_after(outbox, start, listeners):
            if each is None:
                if time.monotonic() - sent_s > SILENCE_S:
                    sent_s = time.monotonic()
                    # Keeps proxies from closing the connection, and detects a lost one.
                    yield b": still here\n\n"
            elif wanted(one := parse_event(each.id, each.document)):
                sent_s = time.monotonic()
                data = orjson.dumps(record(one, host_id=HOST_ID))
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (each.id, one.kind.encode(), data)
    finally:
        listeners.leave()


async def _events_after(
    outbox: OutboxStore, low: int, listeners: Listeners
) -> AsyncIterator[OutboxEvent | None]:
    """Yield every event after the id `low` once, and None after each poll."""
    seen: set[int] = set()
    going = True
    while going:
        at = low
        while True:
            try:
                found = await outbox.after(LIVE, at, PAGE)
            except MetadataError:
                found = []  # the events are read once the database is back
            for each in found:
                at = each.id
                if each.id not in seen:
                    seen.add(each.id)
                    yield each
                if each.occurred_us < now_us() - OVERLAP_US:
                    low = max(low, each.id)
            if len(found) < PAGE:
                break
        seen = {id_ for id_ in seen if id_ > low}
        yield None
        going = await listeners.pause(POLL_S)
