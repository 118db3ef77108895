"""`Outbox`: what waits to be delivered, one method each, as `Metadata` has it under `outbox`."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.engines.runner import Runner
from metadata.records import DeadLetter, NewEvent, OutboxEvent
from metadata.transactions import outbox


class Outbox:
    """Events by target: an ARN, or the live stream's name. Ids grow with time, and for one key with its
    changes.
    """

    def __init__(self, runner: Runner) -> None:
        self._read, self._write = runner.read, runner.write

    async def add(self, events: Sequence[NewEvent]) -> None:
        """Events that belong to no other change."""
        await self._write(None, lambda: outbox.write(events))

    async def due(self, target: str, now_us: int, limit: int) -> list[OutboxEvent]:
        """What is to be delivered to a target now, the oldest first."""
        return await self._read(outbox.due, target, now_us, limit)

    async def after(self, target: str, after_id: int, limit: int) -> list[OutboxEvent]:
        """What came after an id, in order. On PostgreSQL an event of a smaller id may still come after."""
        return await self._read(outbox.after, target, after_id, limit)

    async def older(self, target: str, before_us: int, limit: int) -> list[int]:
        """The ids of a target's events that happened before then."""
        return await self._read(outbox.older, target, before_us, limit)

    async def last_id(self) -> int:
        """The id of the newest event that is there; 0 where there is none."""
        return await self._read(outbox.last_id)

    async def targets(self) -> dict[str, int]:
        """The number of events that wait, by target. Looks at all of them."""
        return await self._read(outbox.targets)

    async def target_names(self) -> list[str]:
        """Those for whom events wait."""
        return await self._read(outbox.target_names)

    async def delivered(self, ids: Sequence[int]) -> None:
        """They need not wait any more."""
        await self._write(None, outbox.delivered, list(ids))

    async def retry(self, ids: Sequence[int], until_us: int) -> None:
        """Not again before `until_us`."""
        await self._write(None, outbox.retry, list(ids), until_us)

    async def bury(self, ids: Sequence[int], reason: str, *, now_us: int, most: int) -> None:
        """Give up: they become dead letters, of which the newest `most` are kept."""
        await self._write(None, outbox.bury, list(ids), reason, now_us, most)

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The newest first."""
        return await self._read(outbox.dead_letters, limit)

    async def revive(self, ids: Sequence[int], now_us: int) -> int:
        """Deliver dead letters after all: how many were there."""
        return await self._write(None, outbox.revive, list(ids), now_us)

    async def forget(self, ids: Sequence[int]) -> int:
        """Delete dead letters: how many were there."""
        return await self._write(None, outbox.forget, list(ids))
