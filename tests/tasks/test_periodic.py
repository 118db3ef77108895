from __future__ import annotations

import asyncio
import logging

import pytest

from s3api.tasks.periodic import LEASE_US, Leader, Periodic

FAR_S = 3600.0
log = logging.getLogger("test")


class Row:
    """A lease row."""

    def __init__(self) -> None:
        self.holder, self.until_us, self.asked = "", 0, 0

    async def take(self, name: str, *, holder: str, ttl_us: int, now_us: int) -> bool:
        self.asked += 1
        if self.holder != holder and now_us < self.until_us:
            return False
        self.holder, self.until_us = holder, now_us + ttl_us
        return True


async def test_one_leads_and_another_takes_over() -> None:
    row, now_us = Row(), 0
    one, other = (Leader(row, "w", holder=name, clock_us=lambda: now_us) for name in ("one", "other"))
    assert await one.leads()
    assert not await other.leads()
    now_us = LEASE_US // 3 + 1
    assert await one.leads()
    asked = row.asked
    assert await one.leads()
    assert row.asked == asked  # believed for a while
    now_us += LEASE_US + 1
    assert await other.leads()
    now_us += 1
    assert not await one.leads()


async def test_who_ends_lets_go_at_once() -> None:
    row = Row()
    one, other = (Leader(row, "w", holder=name, clock_us=lambda: 5) for name in ("one", "other"))
    await other.release()  # never led
    assert await one.leads()
    await one.release()
    assert await other.leads()
    assert not await Leader(row, "w", holder="one", clock_us=lambda: 6).leads()


async def test_a_step_is_done_again_after_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    failures: list[Exception] = [OSError("the disk"), KeyError("a mistake")]

    async def step() -> None:
        if failures:
            task.wake()
            raise failures.pop(0)
        done.set()

    task = Periodic("tidying", step, period_s=FAR_S, passing=(OSError,), log=log)
    task.start()
    task.wake()
    await asyncio.wait_for(done.wait(), 5)
    await task.close()
    said = [(record.levelname, record.exc_info is not None) for record in caplog.records]
    assert said == [("WARNING", False), ("ERROR", True)]


async def test_a_step_is_done_every_period() -> None:
    times = asyncio.Semaphore(0)

    async def step() -> None:
        times.release()

    task = Periodic("tidying", step, period_s=0.001, passing=(), log=log)
    task.start()
    for _ in range(3):
        await asyncio.wait_for(times.acquire(), 5)
    await task.close()


async def test_a_step_under_way_may_end() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), []

    async def step() -> None:
        begun.set()
        await go_on.wait()
        ended.append(1)

    for patience_s in (5.0, 0.0):
        task = Periodic("tidying", step, period_s=FAR_S, passing=(), log=log)
        task.start()
        task.wake()
        await asyncio.wait_for(begun.wait(), 5)
        closing = asyncio.create_task(task.close(patience_s=patience_s))
        await asyncio.sleep(0)
        go_on.set()
        await closing
        begun.clear()
        go_on.clear()
    assert len(ended) == 1


async def test_closing_what_never_started() -> None:
    await Periodic("tidying", test_closing_what_never_started, period_s=1, passing=(), log=log).close()
