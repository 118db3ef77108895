"""Delivers the events of the outbox: to each target on its own, with retries, and to nobody for ever.

One gateway at a time delivers, by a lease row; delivery is at least once, as AWS's is: a gateway that dies
between a target's answer and the deletion of the row tells twice. A target that fails is left alone for a
while that doubles with each failure, then asked with one message; what is older than `give_up_s` becomes a
dead letter, which an operator may look at and send again. The rows of the live stream are nobody's to
deliver: gateways read them for their listeners, and here they are forgotten when they are old.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from metadata.errors import MetadataError
from metadata.records import OutboxEvent
from s3api.background.senders import NotDelivered, Senders
from s3api.events.document import LIVE
from s3api.events.message import message, restored
from s3api.events.targets import Target, Targets
from s3api.periodic import Leader, Periodic

if TYPE_CHECKING:
    from metadata.outbox import Outbox

log = logging.getLogger("sixfold.events")
BATCH = 64
PERIOD_S = 0.5
TIDY_EVERY_US = 60_000_000
FIRST_PAUSE_US, LONGEST_PAUSE_US = 1_000_000, 300_000_000
MOST_DEAD = 100_000
NO_TARGET = "there is no such target in the settings"


@dataclass(slots=True)
class Health:
    """How a target fared lately: the failures in a row, and until when it is left alone."""

    failures: int = 0
    until_us: int = 0


class Deliverer:
    """The delivery of one gateway. `give_up_s`: how old an undelivered event may become; `live_s`: how long
    the live stream can be read back.
    """

    def __init__(
        self,
        outbox: Outbox,
        targets: Targets,
        senders: Senders,
        *,
        leader: Leader,
        clock_us: Callable[[], int],
        host_id: str,
        give_up_s: float,
        live_s: float,
    ) -> None:
        self._outbox, self._targets, self._senders = outbox, targets, senders
        self._leader, self._clock_us, self._host_id = leader, clock_us, host_id
        self._give_up_us, self._live_us = int(give_up_s * 1e6), int(live_s * 1e6)
        self._health: dict[str, Health] = {}
        self._tidied_us = 0
        self._task = Periodic(
            "delivering events",
            self._step,
            period_s=PERIOD_S if any(targets) else TIDY_EVERY_US / 1e6,
            passing=(MetadataError,),
            log=log,
        )

    def start(self) -> None:
        self._task.start()

    async def close(self) -> None:
        await self._task.close()
        await self._task.guarded("releasing the lease", self._leader.release)
        await self._senders.close()

    async def _step(self) -> None:
        if not await self._leader.leads():
            return
        for target in self._targets:
            await self._task.guarded(f"delivering to {target.name}", partial(self.deliver, target))
        if self._clock_us() - self._tidied_us > TIDY_EVERY_US:
            self._tidied_us = self._clock_us()
            await self.tidy()

    async def deliver(self, target: Target) -> int:
        """Deliver what is due, until that is all or the target fails; the number delivered."""
        health = self._health.setdefault(target.arn, Health())
        total = 0
        while self._clock_us() >= health.until_us:
            due = await self._outbox.due(target.arn, self._clock_us(), 1 if health.failures else BATCH)
            if not due:
                break
            events = [restored(each.id, each.document) for each in due]
            outcomes = await self._senders.send(
                target, [message(event, host_id=self._host_id) for event in events]
            )
            total += await self._settle(target, health, due, outcomes)
        return total

    async def _settle(
        self,
        target: Target,
        health: Health,
        due: Sequence[OutboxEvent],
        outcomes: Sequence[NotDelivered | None],
    ) -> int:
        done = [each.id for each, why in zip(due, outcomes, strict=True) if why is None]
        if done:
            await self._outbox.delivered(done)
        failed = [(each, why) for each, why in zip(due, outcomes, strict=True) if why is not None]
        if not failed:
            health.failures = 0
            return len(done)
        health.failures += 1
        pause_us = min(FIRST_PAUSE_US << min(health.failures - 1, 20), LONGEST_PAUSE_US)
        health.until_us = self._clock_us() + pause_us
        reason = str(failed[0][1])
        log.warning("target %s failed (%s): again in %d s", target.name, reason, pause_us // 1_000_000)
        await self._outbox.retry([each.id for each, _ in failed], health.until_us)
        await self._give_up(target.arn, reason)
        return len(done)

    async def _give_up(self, target: str, reason: str) -> None:
        """What has waited too long for this target becomes dead letters."""
        before_us = self._clock_us() - self._give_up_us
        while old := await self._outbox.older(target, before_us, BATCH):
            await self._outbox.bury(old, reason, now_us=self._clock_us(), most=MOST_DEAD)
            log.error("%d events for %s are dead letters now: %s", len(old), target, reason)

    async def tidy(self) -> None:
        """Forget what the live stream no longer tells, and give up on targets that the settings lost."""
        await self._outbox.purge(LIVE, self._clock_us() - self._live_us)
        known = {target.arn for target in self._targets} | {LIVE}
        for target in await self._outbox.targets():
            if target not in known:
                await self._give_up(target, NO_TARGET)
