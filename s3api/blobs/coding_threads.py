"""Threads for hashing, erasure coding and encryption of large bodies, off the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class CodingThreads:
    """A thread pool of two threads more than the machine has processors."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor((os.cpu_count() or 2) + 2, thread_name_prefix="stripes")

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call `work` in a thread and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)

    async def close(self) -> None:
        await asyncio.to_thread(self._executor.shutdown)
