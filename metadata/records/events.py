"""Events of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class NewEvent(NamedTuple):
    """An event to deliver to one target. `document`: JSON."""

    target: str
    occurred_us: int
    document: str


Emit = Callable[[str, str | None, str | None, int | None, bool], Sequence[NewEvent]]
"""Makes the events that a change queues, within its transaction, possibly more than once. Arguments: the
key; its version id, ETag and size after the change; whether the change created a delete marker. None in place
of an Emit: the bucket has no notifications."""


class OutboxEvent(NamedTuple):
    """An event waiting for delivery. `id` orders all events."""

    id: int
    document: str
    attempts: int
    occurred_us: int


class DeadLetter(NamedTuple):
    """An event that could not be delivered, and why."""

    id: int
    target: str
    document: str
    attempts: int
    reason: str
    died_us: int
