"""Stage small blobs: commit their bytes with their rows, and write their chunks to the nodes a moment later.

If all nodes are databases of one LMDB environment, and the metadata is in SQLite beside it, a small write
would wait for three syncs of one disk, one after the other: two of LMDB's, one of SQLite's. Instead its
chunks are kept in the environment's memory, and the stored bytes go into the transaction that makes the blob
exist: one sync. Every FLUSH_EVERY_S, or when FLUSH_AT_BYTES are staged, the environment writes all staged
chunks in one transaction, and only then are the bytes deleted from the database. Until then other workers
over the same files read them there (`read_from_metadata`).

A crash loses nothing: a blob's row is committed together with its bytes, which stay until its chunks are
durable. At the next start `recover` writes the chunks of what is left before anything is staged; doing that
twice does no harm, since the same bytes go under the same ids.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chunkd import NodeError, NodeGroup
from metadata.errors import MetadataError
from metadata.records import Blob, MissingChunk, Staged
from s3api.blobs.cluster import Cluster
from s3api.blobs.stripe_writer import StripeWriter
from s3api.blobs.stripes import Chunks, encode_stripe
from s3api.crypto import TAG_BYTES
from s3api.tasks.periodic import Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.blobs")
STAGED_BYTES = 8 << 10
FLUSH_EVERY_S = 0.5
FLUSH_AT_BYTES = 2 << 20
RECOVER_AT_ONCE = 256


class Staging:
    """The blobs that this process has staged."""

    def __init__(self, metadata: Metadata, cluster: Cluster, stripes: StripeWriter, *, alone: bool) -> None:
        """`alone`: no other process stages in this environment."""
        self._metadata, self._cluster, self._stripes = metadata, cluster, stripes
        self._alone = alone
        self._ids: list[bytes] = []  # of the staged blobs, if other processes stage too
        self._groups: dict[NodeGroup[Any], set[tuple[int, ...]]] = {}
        self._bytes = 0
        self._recovered_to = self._last_id = b""
        self._recovered, self._waiting_count = False, 0
        self._task = Periodic(
            "flushing staged blobs",
            self._step,
            period_s=FLUSH_EVERY_S,
            passing=(MetadataError, NodeError),
            log=log,
        )

    async def start(self) -> None:
        """Recover what a crash left, and begin to flush periodically."""
        self._recovered = not self._metadata.staging.supported
        await self._task.guarded("recovering staged blobs", self.recover)
        self._task.start()

    async def close(self) -> None:
        """Flush what is staged; if that fails, the next start recovers it."""
        await self._task.close()
        await self._task.guarded("flushing staged blobs", self.flush)

    def take(self, blob: Blob, chunks: Chunks) -> bool:
        """Stage the chunks of a blob; its `Content` must then carry the stored bytes (`Content.staged`).

        False if staging is not possible: the caller writes the chunks to the nodes.
        """
        if not self._recovered or blob.id <= self._last_id or not self._metadata.staging.supported:
            return False  # ids of one process rise, but for clocks that are set
        found = self._cluster.group_of(blob.nodes)
        if found is None or not found[0].stage(found[1], chunks):
            return False
        self._groups.setdefault(found[0], set()).add(blob.nodes)
        self._last_id = blob.id
        if not self._alone:
            self._ids.append(blob.id)
        self._bytes += blob.size
        if self._bytes >= FLUSH_AT_BYTES:
            self._bytes = 0
            self._task.wake()
        return True

    async def _step(self) -> None:
        if self._recovered:
            await self.flush()
        else:
            await self.recover()

    async def flush(self) -> None:
        """Write the staged chunks to the nodes, then delete the bytes from the database.

        Raises NodeError, MetadataError: then everything stays staged.
        """
        groups, self._groups, last = self._groups, {}, self._last_id
        ids, self._ids = self._ids, []
        if not groups:
            return
        self._bytes = 0
        try:
            for group, placed in groups.items():
                await self._write(group, placed)
            if self._alone:
                await self._metadata.staging.remove_between(self._recovered_to, last)
            else:
                await self._metadata.staging.remove(ids)
        except BaseException:
            self._ids[:0] = ids
            for group, placed in groups.items():
                self._groups.setdefault(group, set()).update(placed)
            raise

    async def _write(self, group: NodeGroup[Any], placed: set[tuple[int, ...]]) -> None:
        try:
            await group.flush_staged()
        except NodeError as why:
            for node_id in {node_id for nodes in placed for node_id in nodes}:
                self._cluster.report_failure(node_id, why)
            raise

    async def read_from_metadata(self, blob: Blob) -> bytes | None:
        """The stored bytes of a blob that another worker has staged; None for any other blob."""
        if blob.size > STAGED_BYTES + TAG_BYTES or not self._metadata.staging.supported:
            return None
        return await self._metadata.staging.get(blob.id)

    async def recover(self) -> None:
        """Write to the nodes what an earlier process had staged. Until it is done nothing is staged here."""
        while not self._recovered:
            found = await self._metadata.staging.list(RECOVER_AT_ONCE)
            done = [staged.blob_id for staged, blob in found if blob is None or await self._put(staged, blob)]
            await self._metadata.staging.remove(done)
            if (waiting := len(found) - len(done)) and waiting != self._waiting_count:
                log.warning("at least %d staged blobs wait for nodes that are down", waiting)
            self._waiting_count = waiting
            if waiting:
                return
            if found:
                self._recovered_to = self._last_id = max(self._last_id, found[-1][0].blob_id)
            self._recovered = len(found) < RECOVER_AT_ONCE

    async def _put(self, staged: Staged, blob: Blob) -> bool:
        result = await self._stripes.put(blob.nodes, encode_stripe(blob.id, staged.data, blob.parity))
        if result.missing:
            await self._metadata.repairs.add([MissingChunk(blob.id, 0, slot) for slot in result.missing])
        return result.missing is not None
