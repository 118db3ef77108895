"""Waiting, with a line in the log, for what another service has to do first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger("sixfold")
STEP_S = 2.0
T = TypeVar("T")


async def patiently(
    attempt: Callable[[], Awaitable[T]], down: tuple[type[Exception], ...], *, wait_s: float
) -> T:
    """What `attempt` gives. While it raises one of `down` it is made again, for `wait_s` at the most."""
    until_s = time.monotonic() + wait_s
    while True:
        try:
            return await attempt()
        except down as why:
            if time.monotonic() >= until_s:
                raise
            cause = f" ({_first_line(why.__cause__)})" if why.__cause__ else ""
            log.warning("waiting: %s%s", why, cause)
        await asyncio.sleep(min(STEP_S, wait_s))


def _first_line(why: BaseException) -> str:
    """What an exception says, as far as a log line has room for it."""
    return next((line.strip() for line in str(why).splitlines() if line.strip()), type(why).__name__)
