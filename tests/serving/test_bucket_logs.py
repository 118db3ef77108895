"""Bucket access logs: collected, delivered on time, kept while the target fails, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from metadata.bucket_settings import BucketSettings
from metadata.errors import MetadataUnavailable, NoSuchBucket
from metadata.records import Bucket
from s3api.bucket_logs import worker
from s3api.bucket_logs.destination import LogDestination
from s3api.bucket_logs.worker import BucketLogs, DeliveryDenied
from s3api.observe import AccessRecord

DAY_US = 86_400_000_000
START_US = 1_750_000_000_000_000
ON = '{"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p/"}}'
BY_EVENT = (
    '{"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "", "TargetObjectKeyFormat":'
    ' {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}}'
)


class World:
    def __init__(self) -> None:
        self.now_us = START_US
        self.put: list[tuple[str, str, str, str]] = []
        self.failing: Exception | None = None
        self.logs = BucketLogs(
            self._put, lambda owner: "123456789012", clock_us=lambda: self.now_us, host_id="H", every_s=60
        )

    async def _put(self, source: Bucket, where: LogDestination, key: str, data: bytes) -> None:
        if self.failing is not None:
            raise self.failing
        self.put.append((source.name, where.bucket, key, data.decode()))

    def request(
        self,
        document: str | None = ON,
        *,
        bucket: str = "b",
        key: str = "k",
        operation: str = "GetObject",
        output: Mapping[str, Any] | None = None,
    ) -> None:
        scope = {"method": "GET", "raw_path": b"/b/k", "query_string": b"", "headers": []}
        record = AccessRecord(scope, "R")
        record.began -= (record.time_us - self.now_us) / 1e6  # it came when the clock of the test says
        record.bucket, record.key, record.operation, record.status = bucket, key, operation, 200
        record.output = output
        settings = BucketSettings({("Logging", ""): document} if document else {})
        row = Bucket(1, bucket, "us-east-1", "alice", 0)
        call: Any = SimpleNamespace(bucket=row, settings=settings, body=None, principal=None, access=None)
        record.call = call
        self.logs(record)

    @property
    def lines(self) -> list[str]:
        return [line for *_, text in self.put for line in text.splitlines()]


async def test_lines_wait_for_their_time() -> None:
    world = World()
    world.request()
    world.now_us += 59_000_000
    world.request()
    assert await world.logs.deliver() == 0
    world.now_us += 1_000_000
    assert await world.logs.deliver() == 1
    ((source, target, key, text),) = world.put
    assert (source, target, len(text.splitlines())) == ("b", "logs", 2)
    assert key.startswith("p/2025-06-15-15-")
    assert await world.logs.deliver(everything=True) == 0


async def test_buckets_without_logging_leave_nothing() -> None:
    world = World()
    world.request(None)
    world.request("{}")
    assert await world.logs.deliver(everything=True) == 0


async def test_each_bucket_and_each_day_has_its_own_object() -> None:
    world = World()
    for _ in range(2):
        for bucket in ("a", "b"):
            world.request(BY_EVENT, bucket=bucket)
        world.now_us += DAY_US
    assert await world.logs.deliver(everything=True) == 4
    keys = sorted(key for _, _, key, _ in world.put)
    assert [key.rpartition("-")[0] for key in keys] == [
        f"123456789012/us-east-1/{bucket}/2025/06/{day}/2025-06-{day}-00-00-00"
        for bucket in ("a", "b")
        for day in (15, 16)
    ]


async def test_a_full_object_is_delivered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FULL_OBJECT_BYTES", 1000)
    world = World()
    for _ in range(20):
        world.request()
    assert await world.logs.deliver() == 1


async def test_a_failed_delivery_is_made_again_with_what_came_meanwhile() -> None:
    world = World()
    world.request(key="first")
    world.failing = MetadataUnavailable("down")
    assert await world.logs.deliver(everything=True) == 0
    world.request(key="second")
    assert await world.logs.deliver(everything=True) == 0
    world.failing = None
    assert await world.logs.deliver(everything=True) == 1
    assert [line.split()[8] for line in world.lines] == ["first", "second"]
    assert world.logs._size == 0


@pytest.mark.parametrize("why", [NoSuchBucket(), DeliveryDenied()])
async def test_lines_are_dropped_where_the_target_is_gone(
    why: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.request()
    world.failing = why
    await world.logs.deliver(everything=True)
    assert "access log of b: " in caplog.text
    assert await world.logs.deliver(everything=True) == 0
    assert world.logs._size == 0


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(worker, "MAX_WAITING_BYTES", 2000)
    world = World()
    for _ in range(100):
        world.request()
    assert world.logs._size < 2000
    await world.logs.deliver(everything=True)
    assert "lines dropped" in caplog.text
    assert len(world.lines) < 20


async def test_deleted_keys_have_lines_of_their_own() -> None:
    world = World()
    output = {"Deleted": [{"Key": "a"}], "Errors": [{"Key": "b", "Code": "AccessDenied"}]}
    world.request(operation="DeleteObjects", output=output)
    await world.logs.deliver(everything=True)
    shown = [(fields[7], fields[8]) for fields in (line.split() for line in world.lines)]
    assert shown[1:] == [("BATCH.DELETE.OBJECT", "a"), ("BATCH.DELETE.OBJECT", "b")]


JOURNAL = (
    '{"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p/", "LoggingType": "Journal",'
    ' "ObjectRollTime": 10, "Filter": {"Key": {"FilterRules": [{"Name": "Suffix", "Value": ".txt"}]}}}}'
)


async def test_a_journal_has_changes_of_its_keys_and_its_own_time() -> None:
    world = World()
    world.request(JOURNAL, key="a.txt")
    world.request(JOURNAL, key="a.jpg", operation="PutObject")
    world.request(JOURNAL, key="a.txt", operation="PutObject", output={"ETag": '"e"', "VersionId": "v"})
    gone = {"Deleted": [{"Key": "b.txt"}, {"Key": "b.jpg"}]}
    world.request(JOURNAL, operation="DeleteObjects", output=gone)
    world.now_us += 9_000_000
    assert await world.logs.deliver() == 0
    world.now_us += 1_000_000
    assert await world.logs.deliver() == 1
    assert [line.split()[4:] for line in world.lines] == [
        ["REST.GET.OBJECT", "a.txt", "-", "v", "e"],
        ["REST.POST.DELETE_MULTI_OBJECT", "b.txt", "-", "-", "-"],
    ]


async def test_flushed_at_once() -> None:
    world, bucket = World(), Bucket(1, "b", "us-east-1", "alice", 0)
    world.request()
    world.request(BY_EVENT)
    world.request(bucket="c")
    where = LogDestination("logs", "p/")
    key = await world.logs.flush(bucket, where)
    assert [entry[2] for entry in world.put] == [world.put[0][2], key]
    assert len(world.lines) == 2
    assert await world.logs.flush(bucket, where)
    assert world.put[-1][3] == ""
    world.failing = DeliveryDenied()
    assert await world.logs.flush(bucket, where) is None
    world.failing = None
    assert await world.logs.deliver(everything=True) == 1
