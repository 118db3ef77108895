"""Registered storage nodes, and leases of background work."""

from __future__ import annotations

from functools import partial
from typing import Any

from metadata.engines.runner import Runner
from metadata.records import NodeRow
from metadata.transactions import maintenance, reads

_UNCHANGED: Any = object()


class NodeStore:
    """Registered storage nodes: `metadata.nodes`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, address: str, capacity_bytes: int | None, now_us: int) -> NodeRow:
        """Register a node. Raises NodeExists."""
        return await self._runner.write(None, maintenance.add_node, address, capacity_bytes, now_us)

    async def update(
        self, node_id: int, *, state: str | None = None, capacity_bytes: int | None = _UNCHANGED
    ) -> NodeRow:
        """Change the given columns; `capacity_bytes` None: the capacity that the node reports counts. Raises
        NoSuchNode.
        """
        given = capacity_bytes is not _UNCHANGED
        capacity = capacity_bytes if given else None
        change = partial(maintenance.set_node, node_id, state, capacity, set_capacity=given)
        return await self._runner.write(None, change)

    async def list(self) -> list[NodeRow]:
        """List all registered nodes."""
        return await self._runner.read(reads.nodes)


class LeaseStore:
    """`metadata.leases`: named leases, each of one holder at a time."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def take(self, name: str, *, holder: str, ttl_us: int, now_us: int) -> bool:
        """Take or renew a lease until now_us + ttl_us; False where another holder has it."""
        return await self._runner.write(None, maintenance.lease, name, holder, now_us + ttl_us, now_us)
