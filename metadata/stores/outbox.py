"""Events that wait for delivery, and dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.engines.runner import Runner
from metadata.records import DeadLetter, NewEvent, OutboxEvent
from metadata.transactions import outbox


class OutboxStore:
    """`metadata.outbox`: events by target, an ARN or the live stream's name.

    Ids grow with time, and for one key in the order of its changes.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, events: Sequence[NewEvent]) -> None:
        """Queue events that belong to no other change."""
        await self._runner.write(None, outbox.write, events)

    async def due(self, target: str, now_us: int, limit: int) -> list[OutboxEvent]:
        """List the events that are due for a target at `now_us`, the oldest first."""
        return await self._runner.read(outbox.due, target, now_us, limit)

    async def after(self, target: str, after_id: int, limit: int) -> list[OutboxEvent]:
        """List a target's events with ids above `after_id`, in order. On PostgreSQL an event of a smaller id
        may still be committed later.
        """
        return await self._runner.read(outbox.after, target, after_id, limit)

    async def older(self, target: str, before_us: int, limit: int) -> list[int]:
        """List the ids of a target's events that occurred before `before_us`."""
        return await self._runner.read(outbox.older, target, before_us, limit)

    async def last_id(self) -> int:
        """Read the id of the newest event; 0 where there is none."""
        return await self._runner.read(outbox.last_id)

    async def targets(self) -> dict[str, int]:
        """Count the waiting events by target. Scans all of them."""
        return await self._runner.read(outbox.targets)

    async def target_names(self) -> list[str]:
        """List the targets that events wait for."""
        return await self._runner.read(outbox.target_names)

    async def delivered(self, ids: Sequence[int]) -> None:
        """Remove delivered events."""
        await self._runner.write(None, outbox.delivered, list(ids))

    async def retry(self, ids: Sequence[int], until_us: int) -> None:
        """Count a failed attempt; the events are due again at `until_us`."""
        await self._runner.write(None, outbox.retry, list(ids), until_us)

    async def bury(self, ids: Sequence[int], reason: str, *, now_us: int, most: int) -> None:
        """Turn events into dead letters, of which the newest `most` are kept."""
        await self._runner.write(None, outbox.bury, list(ids), reason, now_us, most)

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """List dead letters, the newest first."""
        return await self._runner.read(outbox.dead_letters, limit)

    async def revive(self, ids: Sequence[int], now_us: int) -> int:
        """Queue dead letters for delivery again; the number that existed."""
        return await self._runner.write(None, outbox.revive, list(ids), now_us)

    async def forget(self, ids: Sequence[int]) -> int:
        """Delete dead letters; the number that existed."""
        return await self._runner.write(None, outbox.forget, list(ids))
