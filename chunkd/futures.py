"""Futures that nodes return."""

from __future__ import annotations

import asyncio
from asyncio import Future
from typing import Any


class WriteFuture(Future[None]):
    """The outcome of a write, which cannot be cancelled.

    A write that has begun may happen even if its caller gives up, its buffers are in use until it is over,
    and other calls may share the future. So a task that is cancelled while awaiting it is woken when the
    write is over (`timeout_s` bounds that).
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False


def write_future() -> WriteFuture:
    return WriteFuture(loop=asyncio.get_running_loop())


def succeed(future: Future[Any], result: Any = None) -> None:
    """Set the result of a future, unless its caller cancelled it."""
    if not future.done():
        future.set_result(result)


def fail(future: Future[Any], why: Exception) -> None:
    """Set the exception of a future, unless its caller cancelled it. Never logged as unretrieved."""
    if not future.done():
        future.set_exception(why)
        future.exception()
