"""Buckets and the states of their versioning."""

from __future__ import annotations

from dataclasses import dataclass

OFF, ENABLED, SUSPENDED = "Off", "Enabled", "Suspended"
"""The states of a bucket's versioning."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's row. `versioning`: "Off", "Enabled", "Suspended". `revision` changes with every change of
    its settings.
    """

    id: int
    name: str
    region: str
    owner: str
    created_us: int
    versioning: str = OFF
    revision: int = 0
