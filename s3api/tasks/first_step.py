"""Coroutines begun where they are called: a task is made only for one that has to wait.

A request whose bytes are here and whose answer is in memory is over in its first step, and a task for it
(made, scheduled, woken, forgotten) would cost more than many an answer. `begin` runs that first step. There
is no current task in it, so code that needs one (`asyncio.timeout`) asks for it by `await in_task()`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


class Resumed:
    """The rest of an awaitable that was run to the first thing it waits for."""

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
    """Run `work` to the first thing that it waits for; the task that goes on with it, None where it is over.

    Raises what its first step raises.
    """
    steps = work.__await__()
    try:
        waited_for = steps.send(None)
    except StopIteration:
        return None
    _mark(waited_for, waited_for=False)
    return loop.create_task(_rest(Resumed(steps, waited_for)))


def _mark(future: Any, *, waited_for: bool) -> None:
    """A future is marked from when it is yielded until its task takes it, and meanwhile nobody else can wait
    for it. Many may, so the mark is taken off here, and set again for the task."""
    if future is not None:  # a bare yield
        future._asyncio_future_blocking = waited_for


async def _rest(resumed: Resumed) -> None:
    await resumed


@coroutine
def in_task() -> Generator[None, None, None]:
    """Return within a task: at once, or (where `begin` runs the first step) when there is one."""
    if asyncio.current_task() is None:
        yield
