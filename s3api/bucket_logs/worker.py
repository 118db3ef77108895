"""Collects the lines of buckets' access logs and delivers them as objects of the target buckets.

Lines are collected in memory until `every_s` after the first, or until they fill an object, and then put into
the target bucket as an ordinary object: with its default encryption, versions, events. The cost for a request
of a bucket without logging is one look at its settings.

Delivery is best effort, as on AWS: a process that is killed loses the lines it has collected, at most
`every_s` of them; one that is stopped delivers first. A failed delivery is tried again. Lines are dropped,
with a warning in the log, if the target bucket is gone or if more than MAX_WAITING_BYTES are waiting.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from metadata.errors import MetadataError, NoSuchBucket
from metadata.records import NULL_VERSION
from s3api.bucket_logs.destination import LogDestination, parse_destination
from s3api.bucket_logs.log_line import LogEntry, format_journal_line, format_line
from s3api.bucket_logs.operation_names import JOURNALED_OPERATIONS, journal_name, lifecycle_name, log_name
from s3api.errors import S3Error
from s3api.lifecycle.engine import Version
from s3api.tasks.periodic import Periodic

if TYPE_CHECKING:
    from metadata.bucket_settings import BucketSettings
    from metadata.records import Bucket
    from s3api.observe import AccessRecord

log = logging.getLogger("sixfold.bucketlog")
KIND = "Logging"
FULL_OBJECT_BYTES, MAX_WAITING_BYTES = 4 << 20, 64 << 20
PERIOD_S = 1.0

PutLogObject = Callable[["Bucket", LogDestination, str, bytes], Awaitable[None]]
"""Puts a log object: gets source bucket, destination, key, bytes. Raises DeliveryDenied, NoSuchBucket."""
AccountNumber = Callable[[str], str]
"""Returns the 12-digit number of the account with a canonical id."""
BatchKey = tuple[str, LogDestination, int]
"""Source bucket, destination and day (see `LogDestination.day`) of a log object."""


class DeliveryDenied(Exception):
    """The target bucket does not allow log delivery any more."""


@dataclass(slots=True)
class Batch:
    """Collected lines of one log object."""

    bucket: Bucket
    since_us: int
    lines: list[str] = field(default_factory=list)
    size: int = 0


class BucketLogs:
    """A sink of access records, and the task that delivers the collected lines."""

    def __init__(
        self,
        put: PutLogObject,
        account: AccountNumber,
        *,
        clock_us: Callable[[], int],
        host_id: str,
        every_s: float,
    ) -> None:
        self._put, self._account = put, account
        self._clock_us, self._host_id, self._every_us = clock_us, host_id, int(every_s * 1e6)
        self._batches: dict[BatchKey, Batch] = {}
        self._size = self._dropped = 0
        self._task = Periodic(
            "delivering bucket logs",
            self.deliver,
            period_s=min(PERIOD_S, every_s / 20),
            passing=(MetadataError, S3Error),
            log=log,
        )

    def start(self) -> None:
        self._task.start()

    async def close(self) -> None:
        """Deliver all collected lines and stop."""
        await self._task.close()
        await self._task.guarded("the last delivery of bucket logs", partial(self.deliver, everything=True))

    def __call__(self, record: AccessRecord) -> None:
        """Collect the lines of a request, if its bucket has logging."""
        call = record.call
        if call is None or not call.settings or call.bucket is None:
            return
        where = call.settings.parse(KIND, parse_destination)
        if where is None:
            return
        time_us = record.time_us
        batch_key = (call.bucket.name, where, where.day(time_us))
        if where.journal:
            for entry in journal_entries(record, call.bucket, time_us):
                if where.includes_key(entry.key):
                    self._add(batch_key, call.bucket, format_journal_line(entry))
            return
        for entry in request_entries(record, call.bucket, time_us, self._host_id):
            self._add(batch_key, call.bucket, format_line(entry))

    def log_lifecycle_action(
        self, bucket: Bucket, settings: BucketSettings, action: str, version: Version, storage_class: str
    ) -> None:
        """Collect the line of a lifecycle action, if the bucket has logging."""
        where = settings.parse(KIND, parse_destination)
        if where is None or where.journal:
            return
        now_us = self._clock_us()
        entry = LogEntry(
            bucket_owner=bucket.owner,
            bucket=bucket.name,
            time_us=now_us,
            operation=lifecycle_name(action, storage_class),
            status=0,
            request_id=secrets.token_hex(8).upper(),
            requester="AmazonS3",
            key=version.key,
            size=version.size or None,
            version_id=version.version_id if version.version_id != NULL_VERSION else "",
            host_id=self._host_id,
        )
        self._add((bucket.name, where, where.day(now_us)), bucket, format_line(entry))

    def _add(self, batch_key: BatchKey, bucket: Bucket, text: str) -> None:
        if self._size + len(text) >= MAX_WAITING_BYTES:
            self._dropped += 1
            return
        if batch_key not in self._batches:
            self._batches[batch_key] = Batch(bucket, self._clock_us())
        into = self._batches[batch_key]
        into.lines.append(text)
        into.size += len(text) + 1
        self._size += len(text) + 1
        if into.size >= FULL_OBJECT_BYTES:
            self._task.wake()

    async def deliver(self, *, everything: bool = False) -> int:
        """Deliver the batches that are due, or all; return the number of log objects."""
        if self._dropped:
            log.error(
                "bucket logs: %d lines dropped, more than %d MiB were waiting for delivery",
                self._dropped,
                MAX_WAITING_BYTES >> 20,
            )
            self._dropped = 0
        now_us, count = self._clock_us(), 0
        for batch_key, batch in list(self._batches.items()):
            until_us = batch.since_us + (batch_key[1].every_s * 1_000_000 or self._every_us)
            if everything or until_us <= now_us or batch.size >= FULL_OBJECT_BYTES:
                work = partial(self._deliver, batch_key, batch)
                count += bool(await self._task.guarded(f"the log of bucket {batch_key[0]}", work))
        return count

    async def flush(self, bucket: Bucket, where: LogDestination) -> str | None:
        """Deliver the collected lines of a bucket's log now; return the log object's key.

        The object is empty if there are no lines. None if the target bucket does not allow delivery.
        """
        for batch_key, batch in list(self._batches.items()):
            if batch_key[0] == bucket.name and batch_key[1] != where:
                await self._deliver(batch_key, batch)
        now_us = self._clock_us()
        batch_key = (bucket.name, where, where.day(now_us))
        return await self._deliver(batch_key, self._batches.setdefault(batch_key, Batch(bucket, now_us)))

    async def _deliver(self, batch_key: BatchKey, batch: Batch) -> str | None:
        """Deliver a batch; return the key, None if its lines were dropped.

        Lines that arrive meanwhile go into the next object. If the put fails the batch waits for the next
        try; if it succeeded nevertheless, its lines are delivered twice.
        """
        where = batch_key[1]
        del self._batches[batch_key]
        done, delivered = False, None
        try:
            key = self._key(batch_key, batch.bucket)
            text = "".join(f"{text}\n" for text in batch.lines)
            await self._put(batch.bucket, where, key, text.encode())
            done, delivered = True, key
        except (NoSuchBucket, DeliveryDenied) as why:
            reason = "does not exist" if isinstance(why, NoSuchBucket) else "does not allow log delivery"
            log.warning(
                "access log of %s: %d lines dropped, target bucket %s %s",
                batch_key[0],
                len(batch.lines),
                where.bucket,
                reason,
            )
            done = True
        finally:
            if done:
                self._size -= batch.size
            elif later := self._batches.get(batch_key):
                later.lines[:0] = batch.lines
                later.size, later.since_us = later.size + batch.size, batch.since_us
            else:
                self._batches[batch_key] = batch
        return delivered

    def _key(self, batch_key: BatchKey, bucket: Bucket) -> str:
        """Return the key of a log object. Keys of one second sort by time, too."""
        _, where, day = batch_key
        now_us = self._clock_us()
        return where.key(
            account=self._account(bucket.owner) if where.partitioned else "",
            region=bucket.region,
            bucket=bucket.name,
            delivered_us=now_us,
            day=day,
            unique=f"{now_us % 1_000_000:06X}{secrets.token_hex(5).upper()}",
        )


def request_entries(record: AccessRecord, bucket: Bucket, time_us: int, host_id: str) -> Iterator[LogEntry]:
    """Yield the entries of a request: one, and one for each key that DeleteObjects deleted."""
    output: Any = record.output or {}
    verified = record.verified
    proved = verified is not None and verified.access_key is not None
    version, cipher = record.tls or ("", "")
    one = LogEntry(
        bucket_owner=bucket.owner,
        bucket=bucket.name,
        time_us=time_us,
        operation=log_name(record.operation, record.method),
        status=record.status,
        request_id=record.request_id,
        uri=f"{record.method} {record.target} HTTP/{record.http_version}",
        remote=record.client,
        requester=_requester(record),
        key=record.key,
        error=record.code,
        sent=record.sent,
        size=_object_size(record, output),
        total_ms=round(record.seconds * 1000),
        turnaround_ms=round((record.answered - record.began) * 1000) if record.answered else None,
        referrer=record.header("referer"),
        user_agent=record.header("user-agent"),
        version_id=str(output.get("VersionId") or ""),
        host_id=host_id,
        signature="SigV4" if proved else "",
        cipher=cipher,
        auth_type=("QueryString" if verified.presigned else "AuthHeader") if proved and verified else "",
        host=record.header("host"),
        tls=version,
        acl_required=bool(record.call and record.call.access and record.call.access.needed_acl),
    )
    yield one
    if record.operation == "DeleteObjects":
        for each in output.get("Deleted") or ():
            yield _deleted_key_entry(one, each, 204, "")
        for each in output.get("Errors") or ():
            yield _deleted_key_entry(one, each, 403 if each["Code"] == "AccessDenied" else 409, each["Code"])


def journal_entries(record: AccessRecord, bucket: Bucket, time_us: int) -> Iterator[LogEntry]:
    """Yield the journal entries of a request: none, one object, or the objects that DeleteObjects deleted."""
    if record.operation not in JOURNALED_OPERATIONS or record.status >= 300:
        return
    output: Any = record.output or {}
    several = record.operation == "DeleteObjects"
    for each in output.get("Deleted") or () if several else [{**output, "Key": record.key}]:
        yield LogEntry(
            bucket_owner=bucket.owner,
            bucket=bucket.name,
            time_us=time_us,
            operation=journal_name(record.operation, record.method),
            status=record.status,
            request_id=record.request_id,
            key=each["Key"],
            size=None if several else _object_size(record, output),
            version_id=str(each.get("VersionId") or ""),
            etag=str(each.get("ETag") or "").strip('"'),
        )


def _deleted_key_entry(whole: LogEntry, each: dict[str, Any], status: int, error: str) -> LogEntry:
    return LogEntry(
        bucket_owner=whole.bucket_owner,
        bucket=whole.bucket,
        time_us=whole.time_us,
        operation="BATCH.DELETE.OBJECT",
        status=status,
        request_id=whole.request_id,
        remote=whole.remote,
        requester=whole.requester,
        key=each["Key"],
        error=error,
        version_id=str(each.get("VersionId") or ""),
        host_id=whole.host_id,
        signature=whole.signature,
        cipher=whole.cipher,
        auth_type=whole.auth_type,
        host=whole.host,
        tls=whole.tls,
    )


def _requester(record: AccessRecord) -> str:
    """Return a user's ARN, or an account's canonical id (AWS: the canonical id for an account's root)."""
    principal = record.call.principal if record.call else None
    if principal is not None and principal.user is not None:
        return principal.arn or record.owner
    return record.owner


def _object_size(record: AccessRecord, output: Any) -> int | None:
    """Return the size of the whole object, also for a range request."""
    span: str = output.get("ContentRange") or ""
    if span:
        total = span.rpartition("/")[2]
        return int(total) if total.isdecimal() else None
    size = output.get("ContentLength")
    if size is None and record.call is not None and record.call.body is not None:
        size = record.call.body.length
    return int(size) if size is not None else None
