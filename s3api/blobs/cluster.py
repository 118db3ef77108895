"""The nodes as this gateway sees them: which there are, which answer, how full and how quick each is.

Every `refresh_s` the node table is read again (a row that somebody inserted by hand is found the same way as
one that `sixfold node add` wrote), new nodes are opened, all are asked for their usage. Between two refreshes
a write adds what it placed, and a node that fails a request is down at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import random
from typing import TYPE_CHECKING, Any

from chunkd import Buffer, Node, NodeDown, NodeError, NodeFull, NodeGroup, open_node
from metadata.errors import MetadataError
from metadata.records import NodeRow
from s3api.blobs.erasure import DATA_CHUNKS
from s3api.blobs.placement import TooFewNodes, choose, place

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.nodes")
UNKNOWN_CAPACITY_BYTES = 1 << 40
LATENCIES_KEPT = 64
SMALL_AT_ONCE = 16
DOUBT_S = 0.25
FULL_FOR_S = 10.0
"""Then a full node is tried again: it may have been given room in a way that its figures do not show."""
TELL_FULL_EVERY_S = 300.0


class NodesFull(Exception):
    """Nodes are alive, and none has room: what S3 stores answer with 507."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
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
    """One registered node and what is known of it."""

    row: NodeRow
    node: Node | None = None
    up: bool = False
    full_at_bytes: int | None = None
    full_at_s: float = 0.0
    told_full_s: float = -TELL_FULL_EVERY_S
    reason: str = "not asked yet"
    used_bytes: int = 0
    own_capacity_bytes: int | None = None
    chunks: int = 0
    errors: int = 0
    asking: asyncio.Task[None] | None = None
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
        """The 95th percentile of the recent answers; 0.0 before there is one."""
        recent = sorted(self.latencies_s)
        return recent[int(len(recent) * 0.95)] if recent else 0.0


class Cluster:
    """The registered nodes.

    `node(id)` gives a client, `place` chooses nodes for a new blob.
    """

    def __init__(
        self,
        metadata: Metadata,
        *,
        base: Path,
        token: str | None,
        timeout_s: float,
        exclusive: bool,
        refresh_s: float,
        parity: int,
        ca: Path | None = None,
    ) -> None:
        self._metadata, self._base, self._token = metadata, base, token
        self._timeout_s, self._refresh_s, self._parity = timeout_s, refresh_s, parity
        self._exclusive, self._ca = exclusive, ca
        self._groups: dict[tuple[int, ...], tuple[NodeGroup[Any], tuple[Node, ...]] | None] = {}
        self._members: dict[int, Member] = {}
        self._planned: list[tuple[int, ...]] = []
        self._small: Counter[tuple[int, ...]] = Counter()
        self._small_bytes: Counter[tuple[int, ...]] = Counter()
        self._refreshing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._doubt = asyncio.Event()
        self._writable: bool | None = None

    async def start(self) -> None:
        await self.refresh()
        self._tell_of_writing()
        self._task = asyncio.create_task(self._keep_fresh(), name="node refresh")

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.gather(*map(_let_go, self._members.values()))

    # --- for the writer and the reader ---------------------------------------------------

    def node(self, node_id: int) -> Node | None:
        """The client of a node that answered when last asked; None for one that is down or unknown."""
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
        """The same for a blob so small that several may go by one look at the nodes' fill."""
        if not self._planned:
            self._planned = self._place(SMALL_AT_ONCE)
        return self._planned.pop()

    def _place(self, count: int) -> list[tuple[int, ...]]:
        self._count_small()
        live = [m for m in self._members.values() if m.up and m.row.state == "active"]
        # `fill` written out: every write comes by here.
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
            return [choose(roomy, self._parity) for _ in range(count)]
        except TooFewNodes:
            if len(roomy) < len(live):
                place(live, self._parity)  # raises where even full nodes would be too few
                raise NodesFull(f"none of {len(live)} live nodes has room: delete, or add a node") from None
            raise

    def wrote(self, nodes: Sequence[int], chunks: Sequence[tuple[bytes, Buffer]]) -> None:
        """Count chunks as placed, chunk i on nodes[i], until the nodes tell their usage themselves."""
        members = self._members
        for node_id, (_, framed) in zip(nodes, chunks, strict=True):
            if member := members.get(node_id):
                member.used_bytes += len(framed)
                member.chunks += 1

    def wrote_small(self, nodes: tuple[int, ...], size: int) -> None:
        """The same of a small blob of `size` bytes: it is counted before somebody looks."""
        self._small[nodes] += 1
        self._small_bytes[nodes] += size

    def _count_small(self) -> None:
        for nodes, count in self._small.items():
            share = self._small_bytes[nodes] // DATA_CHUNKS
            for member in filter(None, map(self._members.get, nodes)):
                member.used_bytes += share
                member.chunks += count
        self._small.clear()
        self._small_bytes.clear()

    def failed(self, node_id: int, why: BaseException) -> None:
        """A request to the node failed: it is down (or full) until a refresh finds otherwise."""
        member = self._members.get(node_id)
        if not member:
            return
        member.errors += 1
        if isinstance(why, NodeFull):
            self._full(member, why)
        elif isinstance(why, NodeDown):
            self._down(member, str(why))

    def answered(self, node_id: int, seconds: float) -> None:
        if member := self._members.get(node_id):
            member.latencies_s.append(seconds)

    def live(self) -> int:
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

    # --- knowing the nodes ---------------------------------------------------------------

    async def refresh(self, *, within_s: float | None = None) -> None:
        """Read the node table and ask every node for its usage; one that takes longer than `within_s` keeps
        no other from being known to be back."""
        async with self._refreshing:
            rows = await self._metadata.nodes()
            for row in rows:
                member = self._members.setdefault(row.id, Member(row))
                member.row = row
            for gone in self._members.keys() - {row.id for row in rows}:
                member = self._members.pop(gone)
                self._groups.clear()
                await _let_go(member)
            self._planned.clear()
            self._count_small()
            for member in self._members.values():
                if member.asking is None or member.asking.done():
                    member.asking = asyncio.create_task(self._ask(member), name="node usage")
            if asking := [member.asking for member in self._members.values() if member.asking]:
                for done in (await asyncio.wait(asking, timeout=within_s))[0]:
                    done.result()

    async def _ask(self, member: Member) -> None:
        try:
            if member.node is None:
                member.node = await open_node(
                    member.row.address,
                    base=self._base,
                    token=self._token,
                    timeout_s=self._timeout_s,
                    exclusive=self._exclusive,
                    ca=self._ca,
                )
            started = time.perf_counter()
            usage = await member.node.usage()
            if not member.up:
                await member.node.ping()
        except (NodeError, OSError, ValueError) as why:
            member.errors += 1
            self._down(member, str(why))
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

    def _full(self, member: Member, why: NodeFull) -> None:
        member.full_at_bytes, member.full_at_s = member.used_bytes, time.monotonic()
        self._planned.clear()
        if member.full_at_s - member.told_full_s >= TELL_FULL_EVERY_S:
            member.told_full_s = member.full_at_s
            told = "node %d (%s) is full, reads and deletions go on: add a node or give it room (%s)"
            log.warning(told, member.id, member.row.address, why)

    def _down(self, member: Member, reason: str) -> None:
        if member.up or member.reason != reason:
            log.warning(
                "node %d (%s) is down: %s; reads use parity until it is back",
                member.id,
                member.row.address,
                reason,
            )
        if member.up:
            self._doubt.set()
        member.up, member.reason = False, reason
        self._groups.clear()
        self._planned.clear()

    def _tell_of_writing(self) -> None:
        """One line when there begin to be, or no longer are, nodes enough to write to."""
        try:
            self.place()
            enough = True
        except NodesFull:
            return
        except TooFewNodes:
            enough = False
        if enough != self._writable:
            told = "%d of %d nodes answer: %s"
            what = "objects can be written" if enough else "too few to write to, waiting for more"
            log.log(logging.INFO if enough else logging.WARNING, told, self.live(), len(self._members), what)
        self._writable = enough

    async def _keep_fresh(self) -> None:
        """Ask now and then, and soon after a node that was up has failed: it may have been a hiccup."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._refresh_s):
                    await self._doubt.wait()
                    await asyncio.sleep(DOUBT_S)
            self._doubt.clear()
            try:
                await self.refresh(within_s=self._refresh_s)
                self._tell_of_writing()
            except MetadataError as why:
                log.warning("the node table cannot be read, going on with the nodes known: %s", why)
            except Exception:
                log.exception("asking the nodes failed in an unforeseen way; they are asked again")


async def _let_go(member: Member) -> None:
    if member.asking:
        member.asking.cancel()
        await asyncio.wait([member.asking])
    if member.node:
        await member.node.close()
