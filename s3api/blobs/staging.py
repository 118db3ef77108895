"""Small blobs whose bytes are committed with their rows, and go to the nodes a moment later.

Where all nodes are files of one environment, and the metadata lie beside them (SQLite), a small write would
wait for three syncs of one disk, one after the other: two of the environment's, one of the database's. So its
chunks are staged in the environment's memory, and the bytes that they were cut from go into the transaction
that makes the blob exist: one sync. Half a second later, or when much is staged, the environment writes all
of it in one transaction of its own, and then, not before, the bytes are deleted from the database. Until then
other workers over the same files read them there (`elsewhere`).

Whatever dies in between: a blob's row is committed together with its bytes, and these are there until its
chunks are durable. `recover` puts the chunks of what is left onto the nodes before the gateway serves; doing
that twice is no harm, for it is the same bytes under the same ids.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from chunkd import NodeError, NodeGroup
from metadata.errors import MetadataError
from metadata.records import Blob, MissingChunk, Staged
from s3api.blobs.cluster import Cluster
from s3api.blobs.stripes import Chunks, StripeResult, seal_small
from s3api.crypto import TAG_BYTES
from s3api.tasks.periodic import Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.blobs")
STAGED_BYTES = 8 << 10
SETTLE_EVERY_S = 0.5
SETTLE_AT_BYTES = 2 << 20
RECOVER_AT_ONCE = 256

PutStripe = Callable[[Sequence[int], Chunks], Awaitable[StripeResult]]


class Staging:
    """What is staged in this process."""

    def __init__(self, metadata: Metadata, cluster: Cluster, put_stripe: PutStripe, *, alone: bool) -> None:
        """`alone`: no other process stages in this environment."""
        self._metadata, self._cluster, self._put_stripe = metadata, cluster, put_stripe
        self._alone = alone
        self._ids: list[bytes] = []  # of what is staged, where others stage as well
        self._used: dict[NodeGroup[Any], set[tuple[int, ...]]] = {}
        self._bytes = 0
        self._first = self._last = b""
        self._recovered, self._waiting = False, 0
        self._task = Periodic(
            "settling",
            self._step,
            period_s=SETTLE_EVERY_S,
            passing=(MetadataError, NodeError),
            log=log,
        )

    async def start(self) -> None:
        """Recover, and begin to settle."""
        self._recovered = not self._metadata.stages
        await self._task.guarded("recovering what was staged", self.recover)
        self._task.start()

    async def close(self) -> None:
        """Settle what is staged; where that fails the next start does it."""
        await self._task.close()
        await self._task.guarded("settling", self.settle)

    def take(self, blob: Blob, chunks: Chunks) -> bool:
        """Stage the chunks of a blob, whose `Content` must then carry its bytes. False where it is to be
        written as others are."""
        if not self._recovered or blob.id <= self._last or not self._metadata.stages:
            return False  # ids of one process rise, but for clocks that are set
        found = self._cluster.group_of(blob.nodes)
        if found is None or not found[0].stage(found[1], chunks):
            return False
        self._used.setdefault(found[0], set()).add(blob.nodes)
        self._last = blob.id
        if not self._alone:
            self._ids.append(blob.id)
        self._bytes += blob.size
        if self._bytes >= SETTLE_AT_BYTES:
            self._bytes = 0
            self._task.wake()
        return True

    async def _step(self) -> None:
        if self._recovered:
            await self.settle()
        else:
            await self.recover()

    async def settle(self) -> None:
        """Have the nodes write what is staged, then forget its bytes. Raises NodeError, MetadataError: then
        all of it stays."""
        used, self._used, last = self._used, {}, self._last
        ids, self._ids = self._ids, []
        if not used:
            return
        self._bytes = 0
        try:
            for group, placed in used.items():
                await self._write(group, placed)
            if self._alone:
                await self._metadata.settled_between(self._first, last)
            else:
                await self._metadata.settled(ids)
        except BaseException:
            self._ids[:0] = ids
            for group, placed in used.items():
                self._used.setdefault(group, set()).update(placed)
            raise

    async def _write(self, group: NodeGroup[Any], placed: set[tuple[int, ...]]) -> None:
        try:
            await group.flush_staged()
        except NodeError as why:
            for node_id in {node_id for nodes in placed for node_id in nodes}:
                self._cluster.failed(node_id, why)
            raise

    async def elsewhere(self, blob: Blob) -> bytes | None:
        """The stored bytes of a blob whose chunks are not in the files, if it is one that another worker has
        staged."""
        if blob.size > STAGED_BYTES + TAG_BYTES or not self._metadata.stages:
            return None
        return await self._metadata.staged_bytes(blob.id)

    async def recover(self) -> None:
        """Put onto the nodes what another process had staged; until that is done nothing is staged here."""
        while not self._recovered:
            found = await self._metadata.staged(RECOVER_AT_ONCE)
            done = [held.blob_id for held, blob in found if blob is None or await self._put(held, blob)]
            await self._metadata.settled(done)
            if (waiting := len(found) - len(done)) and waiting != self._waiting:
                log.warning("%d or more staged blobs wait for their nodes", waiting)
            self._waiting = waiting
            if waiting:
                return
            if found:
                self._first = self._last = max(self._last, found[-1][0].blob_id)
            self._recovered = len(found) < RECOVER_AT_ONCE

    async def _put(self, staged: Staged, blob: Blob) -> bool:
        put = await self._put_stripe(blob.nodes, seal_small(blob.id, staged.data, blob.parity))
        if put.missing:
            await self._metadata.add_repairs([MissingChunk(blob.id, 0, slot) for slot in put.missing])
        return put.missing is not None
