"""Delivers the events of the outbox to their targets, with retries, by one gateway at a time.

Delivery is at least once, as on AWS: a gateway that dies between a target's answer and the deletion of the
row delivers twice. Targets are independent. After a failure a target pauses, twice as long after each further
failure, and is then tried with one message; a message that a target rejects is retried alone, while others go
on. An event older than `give_up_s` becomes a dead letter, which an operator may inspect and send again. Rows
of the live stream are read by the gateways' listeners; here they are only deleted when old.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from metadata.errors import MetadataError
from metadata.records import OutboxEvent
from s3api.events.message import message, parse_event
from s3api.events.publisher import DeliveryFailed, Publisher
from s3api.events.subscriptions import LIVE
from s3api.events.targets import Target, Targets
from s3api.tasks.periodic import Leader, Periodic

if TYPE_CHECKING:
    from metadata.stores.outbox import OutboxStore

log = logging.getLogger("sixfold.events")
BATCH, CLEANUP_BATCH = 64, 500
PERIOD_S, CLOSE_PATIENCE_S = 0.5, 5.0
CLEANUP_EVERY_S = 60.0
FIRST_RETRY_US, LONGEST_RETRY_US = 1_000_000, 300_000_000
MAX_DEAD_LETTERS = 100_000
NO_TARGET = "the settings have no such target"


@dataclass(slots=True)
class TargetHealth:
    """Failures of a target in a row, and when to try it again."""

    failures: int = 0
    until_us: int = 0


class DeliveryWorker:
    """Delivers events while this gateway holds the lease.

    `give_up_s`: age at which an undelivered event becomes a dead letter; `live_s`: how long the live stream
    can be read back.
    """

    def __init__(
        self,
        outbox: OutboxStore,
        targets: Targets,
        publisher: Publisher,
        *,
        leader: Leader,
        clock_us: Callable[[], int],
        host_id: str,
        give_up_s: float,
        live_s: float,
    ) -> None:
        self._outbox, self._targets, self._publisher = outbox, targets, publisher
        self._leader, self._clock_us, self._host_id = leader, clock_us, host_id
        self._give_up_us, self._live_us = int(give_up_s * 1e6), int(live_s * 1e6)
        self._health: dict[str, TargetHealth] = {}
        self._cleanup = self._periodic("tidying events", self._clean_up, CLEANUP_EVERY_S)
        self._tasks = [self._cleanup] + [
            self._periodic(f"delivering to {target.name}", partial(self._step, target), PERIOD_S)
            for target in targets
        ]

    def start(self) -> None:
        for task in self._tasks:
            task.start()

    async def close(self) -> None:
        """Stop, after messages in flight were answered: else they would be delivered twice."""
        await asyncio.gather(*(task.close(patience_s=CLOSE_PATIENCE_S) for task in self._tasks))
        await self._cleanup.guarded("releasing the lease", self._leader.release)
        await self._publisher.close()

    def _periodic(self, name: str, step: Callable[[], Awaitable[object]], period_s: float) -> Periodic:
        return Periodic(name, step, period_s=period_s, passing=(MetadataError,), log=log)

    async def _step(self, target: Target) -> None:
        if await self._leader.leads():
            await self.deliver(target)

    async def _clean_up(self) -> None:
        if await self._leader.leads():
            await self.clean_up()

    async def deliver(self, target: Target) -> int:
        """Deliver the due events of a target until none is left or it fails. Returns the number delivered."""
        health = self._health.setdefault(target.arn, TargetHealth())
        total = 0
        while self._clock_us() >= health.until_us and not self._cleanup.closing:
            due = await self._outbox.due(target.arn, self._clock_us(), 1 if health.failures else BATCH)
            if not due:
                break
            events = [parse_event(each.id, each.document) for each in due]
            outcomes = await self._publisher.publish(
                target, [message(event, host_id=self._host_id) for event in events]
            )
            total += await self._record_outcomes(target, health, due, outcomes)
            if not await self._leader.leads():
                break
        return total

    async def _record_outcomes(
        self,
        target: Target,
        health: TargetHealth,
        due: Sequence[OutboxEvent],
        outcomes: Sequence[DeliveryFailed | None],
    ) -> int:
        """Delete delivered events, schedule retries, and update the target's health."""
        done = [each.id for each, why in zip(due, outcomes, strict=True) if why is None]
        if done:
            await self._outbox.delivered(done)
        failed = [(each, why) for each, why in zip(due, outcomes, strict=True) if why is not None]
        if not failed:
            health.failures = 0
            return len(done)
        now_us, why = self._clock_us(), failed[0][1]
        alive = bool(done) or all(each.refused for _, each in failed)
        health.failures = 0 if alive else health.failures + 1
        health.until_us = now_us if alive else now_us + _retry_delay_us(health.failures)
        log.warning("target %s: %d events not delivered: %s", target.name, len(failed), why)
        by_pause = defaultdict(list)
        for each, _ in failed:
            by_pause[_retry_delay_us(each.attempts + 1)].append(each.id)
        for pause_us, ids in by_pause.items():
            await self._outbox.retry(ids, max(health.until_us, now_us + pause_us))
        await self._give_up(target.arn, str(why))
        return len(done)

    async def _give_up(self, target: str, reason: str) -> None:
        """Turn events that have waited too long for this target into dead letters."""
        before_us = self._clock_us() - self._give_up_us
        while old := await self._outbox.older(target, before_us, BATCH):
            await self._outbox.bury(old, reason, now_us=self._clock_us(), most=MAX_DEAD_LETTERS)
            log.error("%d events for %s became dead letters: %s", len(old), target, reason)

    async def clean_up(self) -> None:
        """Delete old rows of the live stream.

        Old events of targets that the settings no longer have become dead letters.
        """
        while old := await self._outbox.older(LIVE, self._clock_us() - self._live_us, CLEANUP_BATCH):
            await self._outbox.delivered(old)
        known = {target.arn for target in self._targets} | {LIVE}
        for target in await self._outbox.target_names():
            if target not in known:
                await self._give_up(target, NO_TARGET)


def _retry_delay_us(failures: int) -> int:
    """Return 1, 2, 4 ... 300 seconds."""
    return min(FIRST_RETRY_US << min(failures - 1, 20), LONGEST_RETRY_US)
