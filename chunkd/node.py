"""The interface of a storage node, and its errors.

A node keeps *chunks*: opaque byte strings of at most a few MiB under a short binary id. It knows no stripes,
parity, blobs or objects.

To add a kind of node: derive from `Node` in `chunkd/<kind>.py`, add a row to `KINDS` in `chunkd/address.py`
and one to `KINDS` in `tests/chunkd/conftest.py`: the contract suite (`tests/chunkd/test_contract.py`) then
runs on the new kind. A kind needs only the abstract methods; `group` and `traffic` have defaults.

The four calls on the hot path (`put_many`, `get`, `get_range`, `delete_many`) are plain functions that return
a Future: the work has begun when they return, whether or not it is awaited. A caller starts eight of them and
then awaits eight, without a task per call. An implementation collects the calls of one turn of the event loop
and performs them at once (one LMDB transaction, one socket write, one HTTP request).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chunkd.traffic import Traffic

Buffer = bytes | bytearray | memoryview
JOIN_BYTES = 64 << 10
"""Up to this size, the pieces of one message are joined for one write: copying costs less than another."""


class NodeError(Exception):
    """A request to a node failed.

    `address` names the node, without secrets.
    """

    def __init__(self, address: str, reason: str = "") -> None:
        super().__init__(address, reason)
        self.address, self.reason = address, reason

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}" if self.reason else self.address


class NodeDown(NodeError):
    """The node is unreachable, too slow, or answers nonsense: use another node."""


class NodeInUse(NodeDown):
    """Embedded files are locked by another process."""


class NodeFull(NodeError):
    """The node has no room for this chunk (Redis OOM, ENOSPC, map full). It can still be read."""


class ChunkMissing(NodeError):
    """The node works and has no chunk of that id."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Used and total space of a node, in bytes.

    `capacity_bytes` is None where the node does not know it.
    """

    used_bytes: int
    capacity_bytes: int | None
    chunks: int


N_contra = TypeVar("N_contra", contravariant=True)


class NodeGroup(Protocol[N_contra]):
    """Several nodes that one call can read or write, such as the databases of one LMDB environment.

    All nodes passed to a method must have this object as their `group`.
    """

    def read_all(self, wanted: Sequence[tuple[N_contra, bytes]]) -> list[bytes | None]:
        """The whole chunks (node, id), in order; None for a missing one. Raises NodeDown."""
        ...

    def write_all(self, nodes: Sequence[N_contra], chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Store chunks (id, bytes), chunk i on nodes[i], all or none; durable as after `Node.put_many`.

        Raises NodeDown, NodeFull.
        """
        ...

    def stage(self, nodes: Sequence[N_contra], chunks: Sequence[tuple[bytes, Buffer]]) -> bool:
        """Keep chunks in memory and serve them as if they were stored, in this process only.

        The caller keeps their bytes durable until `flush_staged` has stored them. False if staging is not
        possible or too much is staged.
        """
        ...

    async def flush_staged(self) -> None:
        """Store all chunks staged before this call. Raises NodeDown, NodeFull: then they stay staged."""
        ...


class Node(ABC):
    """One storage node, as a gateway uses it.

    All methods belong to one event loop.
    """

    group: NodeGroup[Any] | None = None
    """Set where one call to the group is quicker than one call per node."""

    def __init__(self, address: str, traffic: Traffic | None = None) -> None:
        """`address` without secrets: it is logged. `traffic`: counters shared with other nodes."""
        self.address = address
        self.traffic = traffic or Traffic()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    @abstractmethod
    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Store chunks (id, bytes), replacing any of the same id.

        Done when all are durable on the node. The buffers must stay unchanged until the future is done.
        Raises NodeDown, NodeFull; then any of the chunks may or may not be stored. Calls of one batch may
        share a future.
        """

    @abstractmethod
    def get(self, chunk_id: bytes) -> Future[Buffer]:
        """The whole chunk.

        Raises ChunkMissing, NodeDown.
        """

    @abstractmethod
    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        """Bytes [start, stop) of the chunk, fewer where it ends before.

        Raises ChunkMissing, NodeDown.
        """

    @abstractmethod
    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        """Delete durably; missing ids are no error.

        Raises NodeDown.
        """

    @abstractmethod
    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        """List about `limit` chunks as (id, stored bytes), with the cursor for the next call.

        b"" starts a scan and ends it. A chunk that exists during the whole scan is listed at least once, and
        may be listed twice.
        """

    @abstractmethod
    async def usage(self) -> Usage:
        """Used and total space now.

        Raises NodeDown.
        """

    @abstractmethod
    async def ping(self) -> None:
        """Check that the node answers and can store durably.

        Raises NodeDown.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish accepted requests, then release sockets, files and threads."""
