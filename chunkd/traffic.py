"""Counts of what goes on between a client and its node: how long answers take, how many bytes go and come.

An *exchange* is what leaves in one go and is answered in one go, however many operations it holds: so
counting costs per batch and not per chunk. Of one thread; who reads the numbers reads them as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets that durations are counted in."""


class Histogram:
    """How often values fell into which range: `buckets[i]` counts those up to `bounds[i]`, the last one all
    that are above.
    """

    __slots__ = ("bounds", "buckets", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.buckets = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.total += value


class Traffic:
    """What a node's client has counted since it was made. `sent_bytes` went to the node."""

    __slots__ = ("received_bytes", "seconds", "sent_bytes")

    def __init__(self) -> None:
        self.seconds = Histogram()
        self.sent_bytes = self.received_bytes = 0
