"""Work that is done again and again behind the requests: a task that outlives its failures, and a lease by
which one gateway of all does it at a time.

Every step of such work may be done twice without harm, so a lost lease costs work, never data.
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
    """Whether this process does the work of that name now."""

    def __init__(self, leases: Leases, name: str, *, holder: str, clock_us: Callable[[], int]) -> None:
        self._leases, self._name, self._holder, self._clock_us = leases, name, holder, clock_us
        self._is_leader, self._ask_again_us = False, 0

    async def leads(self) -> bool:
        """Take or keep the lease. Renewed well before it ends: each renewal is a commit."""
        now_us = self._clock_us()
        if now_us >= self._ask_again_us:
            self._is_leader = await self._leases.take(
                self._name, holder=self._holder, ttl_us=LEASE_US, now_us=now_us
            )
            self._ask_again_us = now_us + LEASE_US // 3
        return self._is_leader

    async def release(self) -> None:
        """Let another take over at once: this process ends."""
        if self._is_leader:
            self._is_leader, now_us = False, self._clock_us()
            await self._leases.take(self._name, holder=self._holder, ttl_us=0, now_us=now_us)


class Periodic:
    """A task that does `step` every `period_s`, or as soon as it is woken.

    `closing`: it is to end. `passing`: failures that are expected to pass; any other is logged with its
    traceback. Either way the next period tries again.
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
        """There is something to do now."""
        self._woken.set()

    async def close(self, *, patience_s: float = 0) -> None:
        """End it; a step under way may go on for `patience_s`."""
        self.closing = True
        self.wake()
        if self._task:
            if patience_s:
                await asyncio.wait((self._task,), timeout=patience_s)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def guarded(self, what: str, work: Callable[[], Awaitable[object]]) -> object:
        """What `work` gives; None where it failed, which is said."""
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
