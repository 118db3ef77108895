"""Event delivery: at least once, in order without failures, dead-lettered after the last attempt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from metadata import Metadata, open_metadata
from metadata.records import NewEvent
from s3api.events.message import Event, event_to_json
from s3api.events.publisher import DeliveryFailed
from s3api.events.subscriptions import LIVE
from s3api.events.targets import Target, Targets
from s3api.events.worker import BATCH, NO_TARGET, DeliveryWorker
from s3api.tasks.periodic import Leader

HOOK, AUDIT = "arn:sixfold:sqs::hook:webhook", "arn:sixfold:sqs::audit:redis"
START_US = 1_750_000_000_000_000


@dataclass
class Taken:
    """Senders that record messages; `broken` targets fail, `unwanted` keys are refused."""

    unwanted: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    keys: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)

    async def publish(
        self, target: Target, messages: Sequence[dict[str, Any]]
    ) -> list[DeliveryFailed | None]:
        self.calls.append((target.name, len(messages)))
        if target.name in self.broken:
            return [DeliveryFailed("it answered 500")] * len(messages)
        keys = [each["Records"][0]["s3"]["object"]["key"] for each in messages]
        self.keys.setdefault(target.name, []).extend(key for key in keys if key not in self.unwanted)
        return [
            DeliveryFailed("it answered 400", refused=True) if key in self.unwanted else None for key in keys
        ]

    async def close(self) -> None:
        pass


class World:
    """A store, a manual clock, and a deliverer."""

    def __init__(self, metadata: Metadata) -> None:
        self.now_us, self.taken, self.outbox = START_US, Taken(), metadata.outbox
        self.targets = Targets({"hook": "https://hook.example/", "audit": "redis://audit"})
        self.delivery_worker = DeliveryWorker(
            metadata.outbox,
            self.targets,
            self.taken,  # type: ignore[arg-type]
            leader=Leader(metadata.leases, "events", holder="me", clock_us=lambda: self.now_us),
            clock_us=lambda: self.now_us,
            host_id="H",
            give_up_s=3600,
            live_s=600,
        )

    async def happen(self, target: str, *keys: str) -> None:
        events = [Event(0, "ObjectCreated:Put", "b", "o", "r", key, self.now_us) for key in keys]
        await self.outbox.add([NewEvent(target, self.now_us, event_to_json(event)) for event in events])

    async def deliver(self, arn: str = HOOK) -> int:
        target = self.targets.find(arn)
        assert target
        return await self.delivery_worker.deliver(target)

    def pass_s(self, seconds: float) -> None:
        self.now_us += int(seconds * 1e6)


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    metadata = await open_metadata(url, instance="test")
    yield World(metadata)
    await metadata.close()


async def test_all_that_is_due_is_delivered_in_order(world: World) -> None:
    keys = [f"{n:03}" for n in range(BATCH * 2 + 1)]
    await world.happen(HOOK, *keys)
    await world.happen(AUDIT, "other")
    assert await world.deliver() == len(keys)
    assert world.taken.keys == {"hook": keys}
    assert await world.deliver() == 0
    assert await world.outbox.targets() == {AUDIT: 1}


async def test_a_target_that_fails_is_left_alone_longer_and_longer(world: World) -> None:
    await world.happen(HOOK, "a", "b")
    await world.happen(AUDIT, "other")
    world.taken.broken = {"hook"}
    asked_s = []
    for second in range(1200):
        before = len(world.taken.calls)
        await world.deliver()
        if len(world.taken.calls) > before:
            asked_s.append(second)
        world.pass_s(1)
    pauses = [later - earlier for earlier, later in pairwise(asked_s)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert world.taken.calls[1:] == [("hook", 1)] * 11  # asked with one message
    assert await world.deliver(AUDIT) == 1  # others are none the worse for it
    world.taken.broken.clear()
    world.pass_s(300)
    assert await world.deliver() == 2
    assert sorted(world.taken.keys["hook"]) == ["a", "b"]


async def test_a_message_that_is_refused_does_not_hold_up_others(world: World) -> None:
    world.taken.unwanted = {"bad"}
    await world.happen(HOOK, "bad")
    tried_s = []
    for second in range(200):
        await world.happen(HOOK, str(second))
        before = len(world.taken.calls)
        assert await world.deliver() == 1
        if world.taken.calls[before][1] == 2 or len(world.taken.calls) > before + 1:
            tried_s.append(second)
        world.pass_s(1)
    assert world.taken.keys["hook"] == [str(second) for second in range(200)]
    assert [later - earlier for earlier, later in pairwise(tried_s)] == [1, 2, 4, 8, 16, 32, 64]
    world.pass_s(3600)
    await world.deliver()
    assert [letter.reason for letter in await world.outbox.dead_letters(9)] == ["it answered 400"]


async def test_what_nobody_takes_becomes_a_dead_letter(world: World) -> None:
    await world.happen(HOOK, "old")
    world.pass_s(3000)
    await world.happen(HOOK, "new")
    world.taken.broken = {"hook"}
    world.pass_s(601)
    assert await world.deliver() == 0
    (letter,) = await world.outbox.dead_letters(9)
    assert (letter.target, letter.reason, letter.attempts) == (HOOK, "it answered 500", 1)
    assert '"old"' in letter.document
    world.taken.broken.clear()
    world.pass_s(2)
    await world.outbox.revive([letter.id], world.now_us)
    assert await world.deliver() == 2
    assert sorted(world.taken.keys["hook"]) == ["new", "old"]


async def test_targets_that_the_settings_lost_are_given_up_too(world: World) -> None:
    await world.happen("arn:sixfold:sqs::gone:webhook", "a")
    await world.delivery_worker.clean_up()
    assert await world.outbox.dead_letters(9) == []
    world.pass_s(3601)
    await world.delivery_worker.clean_up()
    assert [letter.reason for letter in await world.outbox.dead_letters(9)] == [NO_TARGET]


async def test_the_live_stream_forgets(world: World) -> None:
    await world.happen(LIVE, "a")
    world.pass_s(599)
    await world.happen(LIVE, "b")
    world.pass_s(2)
    await world.delivery_worker.clean_up()
    assert ['"b"' in each.document for each in await world.outbox.after(LIVE, 0, 9)] == [True]
