"""Ids of data and blobs, and the clock of all `_us` columns."""

from __future__ import annotations

import random
import time


def now_us() -> int:
    """Current time in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def new_id() -> bytes:
    """Create a UUIDv7 (RFC 9562, section 5.7) with microseconds in rand_a, so that ids of one process rise.

    Unique, not secret: Python's generator is seeded by the system and needs no system call per id.
    """
    milli, fraction = divmod(now_us(), 1000)
    head = (milli << 16) | 0x7000 | (fraction << 2)
    tail = random.getrandbits(62) | 0x8000000000000000
    return head.to_bytes(8, "big") + tail.to_bytes(8, "big")


def id_time_us(blob_id: bytes) -> int:
    """Time at which an id was created, in microseconds since 1970 (to the millisecond)."""
    return int.from_bytes(blob_id[:6], "big") * 1000
