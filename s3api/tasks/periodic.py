"""Periodic background work: a task that survives failures, and a lease that one gateway holds at a time.

Every step of such work can be repeated without harm, so a lost lease costs work, never data.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

LEASE_US = 30_000_000


class Leases(Protocol):
    """Lease rows: `metadata.leases`."""

    async def take(self, name: str, *, holder: str, ttl_us: int, now_us: int) -> bool: ...


class Leader:
    """Holds the lease of one kind of work for this process."""

    def __init__(self, leases: Leases, name: str, *, holder: str, clock_us: Callable[[], int]) -> None:
        self._leases, self._name, self._holder, self._clock_us = leases, name, holder, clock_us
        self._is_leader, self._ask_again_us = False, 0

    async def leads(self) -> bool:
        """Take or renew the lease; whether this process holds it. Asks every 10 s: a renewal is a commit."""
        now_us = self._clock_us()
        if now_us >= self._ask_again_us:
            self._is_leader = await self._leases.take(
                self._name, holder=self._holder, ttl_us=LEASE_US, now_us=now_us
            )
            self._ask_again_us = now_us + LEASE_US // 3
        return self._is_leader

    async def release(self) -> None:
        """Give up the lease, so that another process can take over at once."""
        if self._is_leader:
            self._is_leader, now_us = False, self._clock_us()
            await self._leases.take(self._name, holder=self._holder, ttl_us=0, now_us=now_us)


class Periodic:
    """A task that runs `step` every `period_s`, or as soon as `wake` is called.

    `closing`: whether `close` was called. `passing`: temporary failures, which are logged as a warning;
    others are logged with their traceback. After either, the next period tries again.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[object]],
        *,
        period_s: float,
        passing: tuple[type[Exception], ...],
        log: logging.Logger,
    ) -> None:
        self._name, self._step, self._period_s = name, step, period_s
        self._passing, self._log = passing, log
        self._woken = asyncio.Event()
        self.closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    def wake(self) -> None:
        """Run the next step now."""
        self._woken.set()

    async def close(self, *, patience_s: float = 0) -> None:
        """End the task. A step under way may run for `patience_s` more."""
        self.closing = True
        self.wake()
        if self._task:
            if patience_s:
                await asyncio.wait((self._task,), timeout=patience_s)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def guarded(self, what: str, work: Callable[[], Awaitable[object]]) -> object:
        """Return the result of `work`; log its failure and return None if it fails."""
        try:
            return await work()
        except self._passing as why:
            self._log.warning("%s failed, trying again: %s", what, why)
        except Exception:  # noqa: BLE001 - background work outlives any one failure
            self._log.exception("%s failed in an unforeseen way, trying again", what)
        return None

    async def _run(self) -> None:
        while not self.closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._period_s):
                    await self._woken.wait()
            self._woken.clear()
            if not self.closing:
                await self.guarded(self._name, self._step)
