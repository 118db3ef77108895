"""Count reference cycles: their garbage collection pauses the whole event loop."""

from __future__ import annotations

import gc
from collections.abc import Awaitable


async def collected_after(work: Awaitable[object]) -> int:
    """Await `work`, and return how many objects in reference cycles it left."""
    gc.collect()
    gc.disable()
    try:
        await work
        return gc.collect()
    finally:
        gc.enable()
