"""Counters of a node's client: latencies, bytes sent and received.

A batch counts once, however many operations it has, so that counting costs per batch and not per chunk. The
counters belong to one thread, and are read without a lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of durations."""


class Histogram:
    """A histogram: `buckets[i]` counts the values up to `bounds[i]`, the last bucket those above.

    `total` is the sum of the values.
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
    """The counters of a node's client since it was created. `sent_bytes` went to the node."""

    __slots__ = ("received_bytes", "seconds", "sent_bytes")

    def __init__(self) -> None:
        self.seconds = Histogram()
        self.sent_bytes = self.received_bytes = 0
