"""The registered nodes, as this gateway sees them: which are up, how full and how quick each is.

Every `refresh_s` the node table is read again (a row inserted by hand counts like one of `sixfold node add`),
new nodes are opened, and every node is asked for its usage. Between two refreshes, writes are added to the
usage, and a node that fails a request is down at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import random
from typing import TYPE_CHECKING, Any

from chunkd import Buffer, Node, NodeDown, NodeError, NodeFull, NodeGroup, open_node
from metadata.errors import MetadataError
from metadata.records import NodeRow
from s3api.blobs.erasure import DATA_CHUNKS
from s3api.blobs.placement import TooFewNodes, choose_nodes, place
from s3api.settings import NodeSettings
from s3api.tasks.periodic import Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.nodes")
UNKNOWN_CAPACITY_BYTES = 1 << 40
LATENCIES_KEPT = 64
PLACEMENTS_AT_ONCE = 16  # of small blobs
PROBE_AGAIN_S = 0.25  # after a node failed: it may have been a hiccup
FULL_FOR_S = 10.0  # then a full node is tried again: its usage may not show that it was given room
LOG_FULL_EVERY_S = 300.0


class NodesFull(Exception):
    """Nodes answer, but too few have room for a blob: the gateway answers 507."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node's figures, for `sixfold status`, metrics and /api. `reason`: why it is down."""

    id: int
    address: str
    state: str
    up: bool
    used_bytes: int
    capacity_bytes: int | None
    chunks: int
    latency_ms: float | None
    reason: str


@dataclass(slots=True)
class Member:
    """A registered node: its row, its client (None until it was opened), and its last known state."""

    row: NodeRow
    node: Node | None = None
    up: bool = False
    full_at_bytes: int | None = None
    full_at_s: float = 0.0
    logged_full_s: float = -LOG_FULL_EVERY_S
    reason: str = "not probed yet"
    used_bytes: int = 0
    own_capacity_bytes: int | None = None
    chunks: int = 0
    errors: int = 0
    probe: asyncio.Task[None] | None = None
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def capacity_bytes(self) -> int | None:
        return self.row.capacity_bytes or self.own_capacity_bytes

    @property
    def fill(self) -> float:
        return self.used_bytes / (self.capacity_bytes or UNKNOWN_CAPACITY_BYTES)

    def p95_s(self) -> float:
        """The 95th percentile of recent latencies, in seconds; 0.0 before the first answer."""
        recent = sorted(self.latencies_s)
        return recent[int(len(recent) * 0.95)] if recent else 0.0


class Cluster:
    """The registered nodes of the store.

    `node(id)` returns a client, `place` chooses nodes for a new blob.
    """

    def __init__(
        self, metadata: Metadata, settings: NodeSettings, *, base: Path, exclusive: bool, parity: int
    ) -> None:
        self._metadata, self._settings = metadata, settings
        self._base, self._exclusive, self._parity = base, exclusive, parity
        self._groups: dict[tuple[int, ...], tuple[NodeGroup[Any], tuple[Node, ...]] | None] = {}
        self._members: dict[int, Member] = {}
        self._placements: list[tuple[int, ...]] = []
        self._small_written: Counter[tuple[int, ...]] = Counter()
        self._small_written_bytes: Counter[tuple[int, ...]] = Counter()
        self._refreshing = asyncio.Lock()
        self._node_failed = False
        self._writable: bool | None = None
        self._task = Periodic(
            "refreshing the nodes", self._step, period_s=settings.refresh_s, passing=(MetadataError,), log=log
        )

    def __repr__(self) -> str:
        members = self._members.values()
        full = sum(m.full_at_bytes is not None for m in members)
        return f"<Cluster: {self.live_count()} of {len(members)} nodes up, {full} full>"

    async def start(self) -> None:
        await self.refresh()
        self._log_writability()
        self._task.start()

    async def close(self) -> None:
        await self._task.close()
        await asyncio.gather(*map(_close_member, self._members.values()))

    # --- for the writer and the reader ---------------------------------------------------

    def node(self, node_id: int) -> Node | None:
        """The client of a node that is up; None for one that is down or unknown."""
        member = self._members.get(node_id)
        return member.node if member and member.up else None

    def group_of(self, nodes: tuple[int, ...]) -> tuple[NodeGroup[Any], tuple[Node, ...]] | None:
        """The group of all these nodes, and their clients. None if a node is down or they share no group."""
        try:
            return self._groups[nodes]
        except KeyError:
            found = self._groups[nodes] = self._find_group(nodes)
            return found

    def _find_group(self, nodes: tuple[int, ...]) -> tuple[NodeGroup[Any], tuple[Node, ...]] | None:
        clients = [client for node_id in nodes if (client := self.node(node_id))]
        groups = {client.group for client in clients}
        if len(clients) < len(nodes) or len(groups) != 1 or (one := groups.pop()) is None:
            return None
        return one, tuple(clients)

    def members(self) -> list[Member]:
        self._count_small()
        return sorted(self._members.values(), key=lambda m: m.id)

    def member(self, node_id: int) -> Member | None:
        return self._members.get(node_id)

    def place(self) -> tuple[int, ...]:
        """Nodes for the slots of a new blob. Raises TooFewNodes, NodesFull."""
        return self._place(1)[0]

    def place_small(self) -> tuple[int, ...]:
        """Nodes for a small blob. PLACEMENTS_AT_ONCE are chosen from one look at the nodes' fill."""
        if not self._placements:
            self._placements = self._place(PLACEMENTS_AT_ONCE)
        return self._placements.pop()

    def _place(self, count: int) -> list[tuple[int, ...]]:
        self._count_small()
        live = [m for m in self._members.values() if m.up and m.row.state == "active"]
        # `Member.fill` inlined: this is on the path of every write.
        roomy = [
            (fill, random(), m.row.id)
            for m in live
            if m.full_at_bytes is None
            and (
                fill := m.used_bytes
                / (m.row.capacity_bytes or m.own_capacity_bytes or UNKNOWN_CAPACITY_BYTES)
            )
            < 1.0
        ]
        try:
            return [choose_nodes(roomy, self._parity) for _ in range(count)]
        except TooFewNodes:
            if len(roomy) < len(live):
                place(live, self._parity)  # raises TooFewNodes if there are too few even with the full ones
                raise NodesFull(f"none of {len(live)} live nodes has room: delete, or add a node") from None
            raise

    def count_written(self, nodes: Sequence[int], chunks: Sequence[tuple[bytes, Buffer]]) -> None:
        """Add written chunks, chunk i on nodes[i], to the nodes' usage, until they report it themselves."""
        members = self._members
        for node_id, (_, framed) in zip(nodes, chunks, strict=True):
            if member := members.get(node_id):
                member.used_bytes += len(framed)
                member.chunks += 1

    def count_small_write(self, nodes: tuple[int, ...], size: int) -> None:
        """Add a small blob of `size` bytes to the nodes' usage; `_count_small` does so before it is read."""
        self._small_written[nodes] += 1
        self._small_written_bytes[nodes] += size

    def _count_small(self) -> None:
        for nodes, count in self._small_written.items():
            share = self._small_written_bytes[nodes] // DATA_CHUNKS
            for member in filter(None, map(self._members.get, nodes)):
                member.used_bytes += share
                member.chunks += count
        self._small_written.clear()
        self._small_written_bytes.clear()

    def report_failure(self, node_id: int, why: BaseException) -> None:
        """Mark a node whose request failed as down, or as full, until a refresh finds otherwise."""
        member = self._members.get(node_id)
        if not member:
            return
        member.errors += 1
        if isinstance(why, NodeFull):
            self._mark_full(member, why)
        elif isinstance(why, NodeDown):
            self._mark_down(member, str(why))

    def record_latency(self, node_id: int, seconds: float) -> None:
        if member := self._members.get(node_id):
            member.latencies_s.append(seconds)

    def live_count(self) -> int:
        return sum(1 for m in self._members.values() if m.up)

    def status(self) -> list[NodeStatus]:
        return [
            NodeStatus(
                id=m.id, address=m.row.address, state=m.row.state, up=m.up, used_bytes=m.used_bytes,
                capacity_bytes=m.capacity_bytes, chunks=m.chunks, reason="" if m.up else m.reason,
                latency_ms=m.latencies_s[-1] * 1e3 if m.latencies_s else None,
            )
            for m in self.members()
        ]  # fmt: skip

    # --- refreshing ----------------------------------------------------------------------

    async def refresh(self, *, within_s: float | None = None) -> None:
        """Read the node table and probe every node. Returns after `within_s` at the latest: a slow node does
        not delay the others."""
        async with self._refreshing:
            rows = await self._metadata.nodes.list()
            for row in rows:
                member = self._members.setdefault(row.id, Member(row))
                member.row = row
            for gone in self._members.keys() - {row.id for row in rows}:
                member = self._members.pop(gone)
                self._groups.clear()
                await _close_member(member)
            self._placements.clear()
            self._count_small()
            for member in self._members.values():
                if member.probe is None or member.probe.done():
                    member.probe = asyncio.create_task(self._probe(member), name="node probe")
            if probes := [member.probe for member in self._members.values() if member.probe]:
                for done in (await asyncio.wait(probes, timeout=within_s))[0]:
                    done.result()

    async def _probe(self, member: Member) -> None:
        try:
            if member.node is None:
                member.node = await open_node(
                    member.row.address,
                    base=self._base,
                    token=self._settings.token_text,
                    timeout_s=self._settings.timeout_s,
                    exclusive=self._exclusive,
                    ca=self._settings.ca,
                )
            started = time.perf_counter()
            usage = await member.node.usage()
            if not member.up:
                await member.node.ping()
        except (NodeError, OSError, ValueError) as why:
            member.errors += 1
            self._mark_down(member, str(why))
            return
        member.latencies_s.append(time.perf_counter() - started)
        member.used_bytes, member.chunks = usage.used_bytes, usage.chunks
        member.own_capacity_bytes = usage.capacity_bytes
        if member.full_at_bytes is not None and (
            usage.used_bytes < member.full_at_bytes * 0.98 or time.monotonic() - member.full_at_s > FULL_FOR_S
        ):
            member.full_at_bytes = None
        if not member.up:
            log.info("node %d (%s) is up", member.id, member.row.address)
            self._groups.clear()
        member.up = True

    def _mark_full(self, member: Member, why: NodeFull) -> None:
        member.full_at_bytes, member.full_at_s = member.used_bytes, time.monotonic()
        self._placements.clear()
        if member.full_at_s - member.logged_full_s >= LOG_FULL_EVERY_S:
            member.logged_full_s = member.full_at_s
            log.warning(
                "node %d (%s) is full; it can be read and deleted from: add a node, or give it room (%s)",
                member.id,
                member.row.address,
                why,
            )

    def _mark_down(self, member: Member, reason: str) -> None:
        if member.up or member.reason != reason:
            log.warning(
                "node %d (%s) is down: %s; other nodes are used until it is back",
                member.id,
                member.row.address,
                reason,
            )
        if member.up:
            self._node_failed = True
            self._task.wake()
        member.up, member.reason = False, reason
        self._groups.clear()
        self._placements.clear()

    def _log_writability(self) -> None:
        """Log when enough nodes to write to come up, and when too few are left."""
        try:
            self.place()
            enough = True
        except NodesFull:
            return
        except TooFewNodes:
            enough = False
        if enough != self._writable:
            what = "objects can be written" if enough else "too few to write to, waiting for more"
            level = logging.INFO if enough else logging.WARNING
            log.log(level, "%d of %d nodes answer: %s", self.live_count(), len(self._members), what)
        self._writable = enough

    async def _step(self) -> None:
        """Refresh periodically, and PROBE_AGAIN_S after a node that was up has failed."""
        if self._node_failed:
            await asyncio.sleep(PROBE_AGAIN_S)
            self._node_failed = False
        await self.refresh(within_s=self._settings.refresh_s)
        self._log_writability()


async def _close_member(member: Member) -> None:
    if member.probe:
        member.probe.cancel()
        await asyncio.wait([member.probe])
    if member.node:
        await member.node.close()
