"""Lifecycle rules applied to a real store with a manual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from metadata import Metadata, open_metadata
from metadata.bucket_settings import Buckets, BucketSettings
from metadata.records import Bucket, Emit, Extras, Lock, NewObject
from s3api.lifecycle import worker
from s3api.lifecycle.worker import NAME, LifecycleWorker
from s3api.operations.steps.notifications import store_event_maker
from s3api.tasks.periodic import LEASE_US, Leader
from tests.metadata.made import check_consistent, content, new_object, upload

DAY_US = 86_400_000_000
START_US = 1_750_000_000_000_000 // DAY_US * DAY_US  # a midnight


class World:
    def __init__(self, metadata: Metadata) -> None:
        self.metadata, self.now_us = metadata, START_US
        self.buckets = Buckets(metadata)

    def worker(self, holder: str | None = None, **more: Any) -> LifecycleWorker:
        leader = (
            Leader(self.metadata.leases, NAME, holder=holder, clock_us=lambda: self.now_us)
            if holder
            else None
        )

        def notices(bucket: Bucket, documents: BucketSettings, kind: str) -> Emit | None:
            return store_event_maker(bucket, documents, kind, now_us=self.now_us)

        return LifecycleWorker(
            self.metadata,
            self.buckets,
            leader=leader,
            clock_us=lambda: self.now_us,
            make_event_maker=notices,
            **more,
        )

    async def run(self) -> dict[str, int]:
        return dict(await self.worker().run_once())

    async def rules(self, *rules: dict[str, Any], bucket: str = "photos") -> None:
        named = [{"ID": f"r{n}", "Status": "Enabled", "Filter": {}, **rule} for n, rule in enumerate(rules)]
        await self.metadata.buckets.put_config(bucket, "Lifecycle", orjson.dumps({"Rules": named}).decode())

    async def put(self, key: str, size: int = 200_000, bucket: str = "photos", **more: Any) -> str | None:
        new: NewObject = new_object(key, content(size), bucket=bucket, modified_us=self.now_us, **more)
        return await self.metadata.objects.put(new)

    async def left(self, bucket: str = "photos") -> list[str]:
        return [each.key for each in (await self.metadata.objects.list(bucket)).objects]

    async def versions(self) -> list[tuple[str, str, bool]]:
        page = await self.metadata.objects.list_versions("photos")
        return [(each.key, each.version_id, each.marker) for each in page.versions]

    def pass_days(self, days: float) -> None:
        self.now_us += int(days * DAY_US)


@pytest.fixture
async def world(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    metadata = await open_metadata(url, instance="test")
    made = World(metadata)
    for store in ("buckets", "objects", "uploads"):
        monkeypatch.setattr(f"metadata.stores.{store}.now_us", lambda: made.now_us)
    await metadata.buckets.create("photos", region="us-east-1", owner="alice", now_us=START_US)
    yield made
    await metadata.close()
    check_consistent(url)


async def test_objects_expire_below_their_prefix(world: World) -> None:
    await world.rules({"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 2}})
    for key in ("a", "tmp/1", "tmp/2", "zzz"):
        await world.put(key)
    world.pass_days(1.9)
    await world.put("tmp/3")
    assert await world.run() == {}
    world.pass_days(0.1)
    assert await world.run() == {"delete": 2}
    assert await world.left() == ["a", "tmp/3", "zzz"]


async def test_filters_by_tag_and_size(world: World) -> None:
    tagged = {"Filter": {"Tag": {"Key": "t", "Value": "1"}}, "Expiration": {"Days": 1}}
    large = {"Filter": {"ObjectSizeGreaterThan": 250_000}, "Expiration": {"Days": 1}}
    await world.rules(tagged, large)
    await world.put("tagged", extras=Extras(tags={"t": "1"}))
    await world.put("other", extras=Extras(tags={"t": "2"}))
    await world.put("large", 250_001)
    world.pass_days(1)
    await world.run()
    assert await world.left() == ["other"]


async def test_many_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAGE_SIZE", 7)
    monkeypatch.setattr(worker, "DELETE_BATCH", 3)
    monkeypatch.setattr(worker, "MAX_PAUSE_S", 0.0)
    await world.rules({"Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}})
    for n in range(30):
        await world.put(f"a{n:03}")
        await world.put(f"b{n:03}")
    world.pass_days(1)
    assert await world.run() == {"delete": 30}
    assert len(await world.left()) == 30


async def test_versions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAGE_SIZE", 3)
    monkeypatch.setattr(worker, "MAX_PAUSE_S", 0.0)
    await world.metadata.buckets.set_versioning("photos", "Enabled")
    noncurrent = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    await world.rules({"NoncurrentVersionExpiration": noncurrent})
    ids: dict[str, list[str | None]] = {"a": [], "b": []}
    for _ in range(6):
        for key in ids:
            ids[key].append(await world.put(key))
        world.now_us += 1
    world.pass_days(1)
    assert await world.run() == {}  # noncurrent since the day began, and a moment
    world.pass_days(1)
    assert await world.run() == {"delete": 6}
    assert [id_ for key, id_, _ in await world.versions() if key == "a"] == ids["a"][:2:-1]
    assert await world.run() == {}


async def test_expiration_hides_then_the_marker_goes(world: World) -> None:
    await world.metadata.buckets.set_versioning("photos", "Enabled")
    await world.rules({"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    first = await world.put("a")
    world.pass_days(1)
    assert await world.run() == {"expire": 1}
    assert await world.left() == []
    assert [(id_ == first, marker) for _, id_, marker in await world.versions()] == [
        (False, True),
        (True, False),
    ]
    world.pass_days(1)
    assert await world.run() == {"delete": 1}
    assert [marker for _, _, marker in await world.versions()] == [True]
    assert await world.run() == {"delete": 1}
    assert await world.versions() == []


async def test_locked_versions_stay(world: World) -> None:
    await world.metadata.buckets.set_versioning("photos", "Enabled")
    await world.rules({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    held = await world.put("a", extras=Extras(lock=Lock(hold=True)))
    until = Lock("COMPLIANCE", START_US + 3 * DAY_US)
    retained = await world.put("a", extras=Extras(lock=until))
    current = await world.put("a")
    world.pass_days(2)
    assert await world.run() == {}
    world.pass_days(2)
    assert await world.run() == {"delete": 1}
    assert [id_ for _, id_, _ in await world.versions()] == [current, held]
    assert retained != held


async def test_what_was_replaced_meanwhile_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.rules({"Expiration": {"Days": 1}})
    await world.put("a")
    world.pass_days(1)
    delete = world.metadata.objects.delete_many

    async def late(*arguments: Any, **more: Any) -> Any:
        await world.put("a")
        return await delete(*arguments, **more)

    monkeypatch.setattr(world.metadata.objects, "delete_many", late)
    assert await world.run() == {}
    assert await world.left() == ["a"]


async def test_transitions_change_the_class_alone(world: World) -> None:
    moves = [{"Days": 1, "StorageClass": "STANDARD_IA"}, {"Days": 3, "StorageClass": "GLACIER"}]
    await world.rules({"Transitions": moves})
    await world.put("a")
    await world.put("small", 10)
    before = await world.metadata.objects.get("photos", "a")
    world.pass_days(1)
    assert await world.run() == {"move": 1}
    after = await world.metadata.objects.get("photos", "a")
    assert after == replace(before, properties=replace(before.properties, storage_class="STANDARD_IA"))
    world.pass_days(2)
    assert await world.run() == {"move": 1}
    assert (await world.metadata.objects.get("photos", "a")).properties.storage_class == "GLACIER"
    assert await world.run() == {}


async def test_uploads_are_aborted(world: World) -> None:
    await world.rules(
        {"Filter": {"Prefix": "u"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    )
    for key in ("u1", "u2", "v"):
        await world.metadata.uploads.create(replace(upload(key), initiated_us=world.now_us))
    world.pass_days(1)
    assert await world.run() == {"abort": 2}
    assert [each.key for each in (await world.metadata.uploads.list("photos")).uploads] == ["v"]


async def test_events_of_lifecycle(world: World) -> None:
    await world.metadata.buckets.set_versioning("photos", "Enabled")
    await world.metadata.buckets.put_config("photos", "Notification", '{"EventBridgeConfiguration": {}}')
    await world.rules(
        {"Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}},
        {"Filter": {"Prefix": "b"}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
    )
    for key in ("a", "b", "c", "c"):
        await world.put(key)
    world.pass_days(1)
    await world.run()
    events = [orjson.loads(each.document) for each in await world.metadata.outbox.after("live", 0, 99)]
    assert sorted((each["kind"], each["key"]) for each in events) == [
        ("LifecycleExpiration:Delete", "c"),
        ("LifecycleExpiration:DeleteMarkerCreated", "a"),
        ("LifecycleTransition", "b"),
    ]


async def test_a_pass_goes_on_where_another_gateway_left_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAGE_SIZE", 5)
    monkeypatch.setattr(worker, "MAX_PAUSE_S", 0.0)
    for name in ("a-first", "z-last"):
        await world.metadata.buckets.create(name, region="r", owner="alice", now_us=START_US)
    for name in ("a-first", "photos", "z-last"):
        await world.rules({"Expiration": {"Days": 1}}, bucket=name)
        for n in range(20):
            await world.put(f"{n:03}", bucket=name)
    world.pass_days(1)
    one, other = world.worker("one"), world.worker("other")
    delete, calls = world.metadata.objects.delete_many, 0

    async def dies(*arguments: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 7:
            raise OSError("killed")
        return await delete(*arguments, **more)

    monkeypatch.setattr(world.metadata.objects, "delete_many", dies)
    monkeypatch.setattr(one, "_apply_to_bucket", one._apply_rules)  # a kill is no failure that is got over
    with pytest.raises(OSError, match="killed"):
        await one._step()
    monkeypatch.setattr(world.metadata.objects, "delete_many", delete)
    await other._step()
    assert sum(other.counts.values()) == 0  # the lease is still the dead one's
    world.now_us += LEASE_US + 1
    other = world.worker("other")
    await other._step()
    assert one.counts["delete"] + other.counts["delete"] == 60
    assert 20 < one.counts["delete"] < 40
    assert [await world.left(name) for name in ("a-first", "photos", "z-last")] == [[], [], []]


async def test_the_next_pass_begins_when_it_is_time(world: World) -> None:
    await world.rules({"Expiration": {"Days": 1}})
    worker = world.worker("one", every_s=3600)
    await worker._step()
    await world.put("a")
    world.pass_days(2)
    world.now_us -= 2 * DAY_US - 3_599_000_000
    await worker._step()
    assert await world.left() == ["a"]
    world.pass_days(2)
    await worker._step()
    assert await world.left() == []


async def test_a_bucket_that_fails_does_not_stop_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.metadata.buckets.create("broken", region="r", owner="alice", now_us=START_US)
    await world.metadata.buckets.put_config(
        "broken", "Lifecycle", '{"Rules": [{"Status": "Enabled", "Transitions": [{"Days": 1}]}]}'
    )
    await world.rules({"Expiration": {"Days": 1}})
    await world.put("a")
    world.pass_days(1)
    assert await world.run() == {"delete": 1}
    assert "broken" in caplog.text
