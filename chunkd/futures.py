"""Futures as the nodes hand them out."""

from __future__ import annotations

import asyncio
from asyncio import Future
from typing import Any


class WriteFuture(Future[None]):
    """The outcome of a write, which nobody can call off.

    A write that has begun may happen whatever its caller wants by now; its buffers are in use until it is
    over; and other calls may share the future. So a task that is cancelled while it awaits this one learns of
    it when the write is over (`timeout_s` bounds that).
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False


def write_future() -> WriteFuture:
    return WriteFuture(loop=asyncio.get_running_loop())


def succeed(future: Future[Any], result: Any = None) -> None:
    """Resolve a future that its caller may have given up."""
    if not future.done():
        future.set_result(result)


def fail(future: Future[Any], why: Exception) -> None:
    """Fail a future that its caller may have given up, or may never look at again: no news for the log."""
    if not future.done():
        future.set_exception(why)
        future.exception()
