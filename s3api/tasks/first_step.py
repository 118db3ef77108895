"""Run the first step of a coroutine in place, and make a task only if it has to wait.

A request whose bytes have arrived and whose answer is in memory completes in its first step. A task for it
would have to be made, scheduled and woken, which costs more than many answers. `begin` runs that first step.
It has no current task, so code that needs one (`asyncio.timeout`) first awaits `in_task()`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


class Resumed:
    """The rest of an awaitable after its first step."""

    __slots__ = ("_rest", "_waited_for")

    def __init__(self, rest: Generator[Any, None, Any], waited_for: Any) -> None:
        self._rest, self._waited_for = rest, waited_for

    def __await__(self) -> Generator[Any, None, Any]:
        while True:
            _mark(self._waited_for, waited_for=True)
            try:
                yield self._waited_for
            except BaseException as error:  # noqa: BLE001 - a cancellation, on its way to what is waited for
                try:
                    self._waited_for = self._rest.throw(error)
                except StopIteration as done:
                    return done.value
            else:
                return (yield from self._rest)


def begin(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """Run the first step of `work`; return the task that continues it, None if it is complete.

    Raises what the first step raises.
    """
    steps = work.__await__()
    try:
        waited_for = steps.send(None)
    except StopIteration:
        return None
    _mark(waited_for, waited_for=False)
    return loop.create_task(_rest(Resumed(steps, waited_for)))


def _mark(future: Any, *, waited_for: bool) -> None:
    """Set asyncio's mark of a future that a coroutine waits for.

    It is set from when the future is yielded until its task takes it, and meanwhile no other coroutine can
    wait for it. Several may, so the mark is removed here, and set again for the task."""
    if future is not None:  # None: a bare yield
        future._asyncio_future_blocking = waited_for


async def _rest(resumed: Resumed) -> None:
    await resumed


@coroutine
def in_task() -> Generator[None, None, None]:
    """Return once there is a current task: at once, except in a first step that `begin` runs."""
    if asyncio.current_task() is None:
        yield
