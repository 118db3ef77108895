"""Repeating an attempt while a service that it needs is down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from metadata.errors import first_line

log = logging.getLogger("sixfold")
STEP_S = 2.0
T = TypeVar("T")


async def retry_while_down(
    attempt: Callable[[], Awaitable[T]], down: tuple[type[Exception], ...], *, wait_s: float
) -> T:
    """Return what `attempt` returns. While it raises one of `down`, repeat it, for up to `wait_s` seconds.

    Each repetition leaves a line in the log. Raises the last error.
    """
    until_s = time.monotonic() + wait_s
    while True:
        try:
            return await attempt()
        except down as why:
            if time.monotonic() >= until_s:
                raise
            cause = f" ({first_line(why.__cause__)})" if why.__cause__ else ""
            log.warning("waiting: %s%s", why, cause)
        await asyncio.sleep(min(STEP_S, wait_s))
