"""What work leaves to the collector: cycles, whose collection pauses everybody."""

from __future__ import annotations

import gc
from collections.abc import Awaitable


async def collected_after(work: Awaitable[object]) -> int:
    """How many objects in cycles there are after the work that were not before."""
    gc.collect()
    gc.disable()
    try:
        await work
        return gc.collect()
    finally:
        gc.enable()
