"""The interface of a storage node, and what may go wrong on one.

A node keeps *chunks*: opaque byte strings of at most a few MiB under a short binary id. It knows nothing of
stripes, parity, blobs or objects. Four implementations live beside this module (`memory`, `lmdb`, `redis`,
`http`); `tests/chunkd/` holds the contract that all of them pass.

The four calls on the hot path are plain functions that return a Future: the work is under way when they
return, nothing has to be awaited for that. So a caller starts eight of them and then awaits eight, without a
task per call; and an implementation gathers everything that was asked for in one turn of the event loop and
performs it at once (one LMDB transaction, one socket write, one HTTP request).
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chunkd.traffic import Tally

Buffer = bytes | bytearray | memoryview


class NodeError(Exception):
    """Something went wrong on a node.

    `address` says which; no secret is in it.
    """

    def __init__(self, address: str, reason: str = "") -> None:
        super().__init__(address, reason)
        self.address, self.reason = address, reason

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}" if self.reason else self.address


class NodeDown(NodeError):
    """Not reachable, not answering in time, or answering nonsense: try another node."""


class NodeInUse(NodeDown):
    """Embedded files that another process has to itself."""


class NodeFull(NodeError):
    """The node has no room for this chunk (Redis OOM, ENOSPC, map full); reads go on."""


class ChunkMissing(NodeError):
    """The node is well and has no chunk of that id."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a node holds and could hold, in bytes.

    `capacity_bytes` is None where the node cannot tell.
    """

    used_bytes: int
    capacity_bytes: int | None
    chunks: int


class Together(Protocol):
    """What several nodes have in common that can serve all of them at once: files of one environment."""

    def read_all(self, wanted: Sequence[tuple[Node, bytes]]) -> list[bytes | None]:
        """The whole chunks (node, id), each node one that names this as its `together`; None where one is
        missing. Raises NodeDown."""
        ...

    def write_all(self, nodes: Sequence[Node], chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Store chunks (id, bytes), chunk i on nodes[i], as `Node.put_many` does. NodeDown, NodeFull."""
        ...

    def stage(self, nodes: Sequence[Node], chunks: Sequence[tuple[bytes, Buffer]]) -> bool:
        """Serve these chunks from memory, in this process, as if they were stored; False where that cannot
        be, or there are too many. The caller keeps them durable until `settle` has stored them."""
        ...

    async def settle(self) -> None:
        """Store all that was staged until now. NodeDown, NodeFull: it stays staged."""
        ...


class Node(Protocol):
    """One storage node, as a gateway uses it.

    All methods belong to one event loop.
    """

    address: str
    together: Together | None
    """Set where going through it is quicker than asking node by node: no socket lies between."""
    tally: Tally
    """What this client has counted; nodes that are served together may share one."""

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Store chunks (id, bytes), replacing any of the same id.

        Done when all are durable on the node. The buffers must stay untouched until the future is
        done. Raises NodeDown, NodeFull; then any of the chunks may or may not be there. A future may
        be shared between calls of one batch.
        """
        ...

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        """The whole chunk.

        Raises ChunkMissing, NodeDown.
        """
        ...

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        """Bytes [start, stop) of the chunk, fewer where it ends before.

        Raises ChunkMissing, NodeDown.
        """
        ...

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        """Delete durably; ids that are not there are fine.

        Raises NodeDown.
        """
        ...

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        """About `limit` chunks as (id, bytes held), and the cursor for the next call; b"" starts and ends.

        Every chunk that is there during the whole scan is seen at least once; some may be seen twice.
        """
        ...

    async def usage(self) -> Usage:
        """What the node holds now.

        Raises NodeDown.
        """
        ...

    async def ping(self) -> None:
        """Return if the node answers and can store durably.

        Raises NodeDown.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go of sockets, files and threads."""
        ...
