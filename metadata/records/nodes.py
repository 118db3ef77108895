"""Storage nodes, and replication of the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replication:
    """Replication of a PostgreSQL server. `standby`: it is one itself. `lag_s`, `lag_bytes`: how far the
    standby that is furthest behind lags (on a standby: itself); None without standbys, or where unknown.
    """

    standby: bool
    standbys: int
    lag_s: float | None
    lag_bytes: int | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A registered node.

    `state`: "active" (takes chunks), "draining" (read only, being emptied), "readonly". `capacity_bytes`
    None: the capacity that the node reports counts.
    """

    id: int
    address: str
    state: str
    capacity_bytes: int | None
    added_us: int
