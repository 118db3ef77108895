"""The background work of a gateway: event delivery, lifecycle rules and bucket logs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chunkd import Buffer
from metadata import Metadata
from metadata.bucket_settings import Buckets, BucketSettings
from metadata.ids import now_us
from metadata.records import Bucket, Emit
from s3api.access.caller import Caller
from s3api.access.request_context import RequestContext
from s3api.body import Body
from s3api.bucket_logs.destination import LogDestination
from s3api.bucket_logs.worker import BucketLogs, DeliveryDenied
from s3api.database import instance
from s3api.events.publisher import Publisher
from s3api.events.worker import DeliveryWorker
from s3api.lifecycle.worker import LifecycleWorker, OnAction
from s3api.observe.record import HOST_ID, new_request_id
from s3api.operations.bucket_logging import log_delivery_allowed
from s3api.operations.call import Backend, Call
from s3api.operations.objects import put_object
from s3api.operations.steps.notifications import store_event_maker
from s3api.settings import Settings
from s3api.store import Store
from s3api.tasks.periodic import Leader

if TYPE_CHECKING:
    from s3api.observe import Sinks

LOG_TYPE = "text/plain"


@asynccontextmanager
async def background(store: Store, backend: Backend, sinks: Sinks) -> AsyncIterator[BucketLogs]:
    """Run all background work for the time of the context; gives the bucket logs."""
    delivery_worker = _delivery_worker(store)
    logs = bucket_logs(backend, every_s=store.settings.bucket_logs.every_s)
    lifecycle = lifecycle_worker(
        store.settings, store.metadata, store.buckets, leading=True, on_action=logs.log_lifecycle_action
    )
    for task in (delivery_worker, lifecycle, logs):
        task.start()
    sinks.all.append(logs)
    try:
        yield logs
    finally:
        sinks.all.remove(logs)
        for task in (lifecycle, logs, delivery_worker):
            await task.close()


def lifecycle_worker(
    settings: Settings,
    metadata: Metadata,
    buckets: Buckets,
    *,
    leading: bool,
    on_action: OnAction | None = None,
) -> LifecycleWorker:
    """Make the lifecycle worker. `leading`: it runs periodically under a lease, else for one pass."""
    every_s = settings.lifecycle.every_s or max(settings.lifecycle.day_s / 24, 1.0)

    def make_event_maker(bucket: Bucket, documents: BucketSettings, kind: str) -> Emit | None:
        return store_event_maker(bucket, documents, kind, now_us=now_us())

    return LifecycleWorker(
        metadata,
        buckets,
        leader=_leader(metadata, "lifecycle") if leading else None,
        clock_us=now_us,
        make_event_maker=make_event_maker,
        on_action=on_action,
        day_s=settings.lifecycle.day_s,
        every_s=every_s,
        minimum_bytes=settings.lifecycle.minimum_bytes,
    )


def bucket_logs(backend: Backend, *, every_s: float) -> BucketLogs:
    """Make the bucket logs, which deliver their lines as objects."""

    async def put(source: Bucket, where: LogDestination, key: str, data: bytes) -> None:
        target, settings = await backend.buckets.find(where.bucket)
        allowed = log_delivery_allowed(
            target,
            settings,
            where.prefix,
            source=source,
            account=backend.keys.number(source.owner),
            defaults=backend.defaults,
        )
        if not allowed:
            raise DeliveryDenied
        await _put(backend, target, settings, key, data)

    return BucketLogs(put, backend.keys.number, clock_us=now_us, host_id=HOST_ID, every_s=every_s)


async def _put(backend: Backend, bucket: Bucket, settings: BucketSettings, key: str, data: bytes) -> None:
    """Run PutObject in the name of the bucket's owner."""
    pieces: list[Buffer] = [data]

    async def source() -> Sequence[Buffer]:
        return [pieces.pop()] if pieces else ()

    owner = Caller(bucket.owner, backend.keys.number(bucket.owner))
    context = RequestContext(new_request_id(), "PutObject", bucket.name, {}, {}, now_us())
    call = Call(backend, owner, context, bucket, settings, Body(source, len(data)))
    await put_object(call, Bucket=bucket.name, Key=key, ContentType=LOG_TYPE)


def _delivery_worker(store: Store) -> DeliveryWorker:
    settings = store.settings
    return DeliveryWorker(
        store.metadata.outbox,
        store.targets,
        Publisher(internal=settings.events.internal),
        leader=_leader(store.metadata, "events"),
        clock_us=now_us,
        host_id=HOST_ID,
        give_up_s=settings.events.give_up_s,
        live_s=settings.events.live_s,
    )


def _leader(metadata: Metadata, name: str) -> Leader:
    return Leader(metadata.leases, name, holder=instance(), clock_us=now_us)
