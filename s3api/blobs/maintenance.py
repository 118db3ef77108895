"""Background maintenance of the nodes' chunks: garbage collection, repair and the orphan sweep.

Every gateway, each period:
- `_queue_repairs`: enters the chunks that its reads found missing or damaged into the repair queue;
- `_renew_intents`: renews the intents (table `pending`) of the long writes in progress.

One gateway at a time, which holds the lease:
- `collect_garbage`: deletes the chunks of blobs without references (table `garbage`), a while after the last
  reference went, so that downloads in progress can end. While a node is down, its blobs stay in the table;
- `repair`: rebuilds the chunks in the repair queue from the others of their stripe, and writes them again;
- `sweep_orphans`: finds what a crash left: chunks older than a grace time whose blob no row knows (blob,
  garbage or intent), and intents that were not renewed for as long.

Every step may be done twice without harm, so a lost lease costs work, never data.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chunkd import NodeError, frame
from metadata.errors import MetadataError
from metadata.ids import id_time_us
from metadata.records import Blob, Garbage, MissingChunk, Repair
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import rebuild
from s3api.blobs.fanout import error_of, wait_all
from s3api.blobs.stripe_reader import DataUnavailable, StripeReader
from s3api.blobs.stripes import (
    chunk_id,
    chunks_by_node,
    parse_chunk_id,
    stripe_count,
    stripe_size,
)
from s3api.tasks.periodic import Leader, Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.upkeep")
LEASE = "upkeep"
BATCH = 256
STRIPES_AT_ONCE = 64
DAMAGED_MOST = 10_000
RETRY_US = 30_000_000
PERIOD_S = 1.0
TOUCH_EVERY_US = 300_000_000


class Maintenance:
    """The maintenance task of one gateway.

    `being_read` counts, by blob id, the downloads in progress in this process. `intents`: the long writes.
    """

    def __init__(
        self,
        metadata: Metadata,
        cluster: Cluster,
        *,
        holder: str,
        clock_us: Callable[[], int],
        intents: set[bytes],
        reap_after_s: float,
        sweep_grace_s: float,
        sweep_every_s: float,
    ) -> None:
        self._metadata, self._cluster, self._clock_us = metadata, cluster, clock_us
        self._reap_after_us, self._grace_us = int(reap_after_s * 1e6), int(sweep_grace_s * 1e6)
        self._sweep_every_us = int(sweep_every_s * 1e6)
        self._swept_at_us = self._touched_us = clock_us()
        self._intents = intents
        self._leader = Leader(metadata.leases, LEASE, holder=holder, clock_us=clock_us)
        self.being_read: Counter[bytes] = Counter()
        self._damaged: set[MissingChunk] = set()
        self._task = Periodic(
            "maintenance",
            self._step,
            period_s=PERIOD_S,
            passing=(MetadataError, NodeError, DataUnavailable),
            log=log,
        )

    def start(self) -> None:
        self._task.start()

    async def close(self) -> None:
        await self._task.close()
        await self._task.guarded("releasing the lease", self._leader.release)

    def report_damage(self, chunk: MissingChunk) -> None:
        """Remember a missing or damaged chunk until the next period enters it into the repair queue.

        At most DAMAGED_MOST are remembered: the next read finds the others again.
        """
        if len(self._damaged) < DAMAGED_MOST:
            self._damaged.add(chunk)

    async def _step(self) -> None:
        guarded = self._task.guarded
        await guarded("queueing repairs", self._queue_repairs)
        await guarded("renewing intents", self._renew_intents)
        if not await guarded("taking the lease", self._leader.leads):
            return
        await guarded("collecting garbage", self.collect_garbage)
        await guarded("repairing", self.repair)
        if self._clock_us() - self._swept_at_us > self._sweep_every_us:
            self._swept_at_us = self._clock_us()
            await guarded("sweeping orphans", self.sweep_orphans)

    async def _renew_intents(self) -> None:
        """Renew the intents of this process's long writes, well within the grace time."""
        now_us = self._clock_us()
        if self._intents and now_us - self._touched_us > min(TOUCH_EVERY_US, self._grace_us // 4):
            self._touched_us = now_us
            await self._metadata.blobs.touch_pending(list(self._intents), now_us)

    async def _queue_repairs(self) -> None:
        if self._damaged:
            noted = list(self._damaged)
            await self._metadata.repairs.add(noted)
            self._damaged.difference_update(noted)

    # --- garbage collection --------------------------------------------------------------

    async def collect_garbage(self) -> int:
        """Delete the chunks of blobs that have been garbage for long enough. Returns the number of blobs."""
        total = 0
        while True:
            found = await self._metadata.garbage.due(self._clock_us() - self._reap_after_us, BATCH)
            due = [g for g in found if not self.being_read[g.blob.id]]
            gone = await self._delete_all(due)
            total += len(gone)
            if len(gone) < BATCH:
                return total

    async def _delete_all(self, due: Sequence[Garbage]) -> list[bytes]:
        gone = [
            g.blob.id
            for g in due
            if stripe_count(g.blob) > STRIPES_AT_ONCE and await self._delete_long(g.blob)
        ]
        small = [g for g in due if stripe_count(g.blob) <= STRIPES_AT_ONCE]
        names: dict[int, list[bytes]] = {}
        for g in small:
            for node_id, ids in chunks_by_node(g.blob, range(stripe_count(g.blob))).items():
                names.setdefault(node_id, []).extend(ids)
        failed = await self._delete(names)
        gone += [g.blob.id for g in small if failed.isdisjoint(g.blob.nodes)]
        if gone:
            await self._metadata.garbage.remove(gone)
        left = [g.blob.id for g in due if g.blob.id not in set(gone)]
        if left:
            await self._metadata.garbage.retry(left, self._clock_us() + RETRY_US)
        return gone

    async def _delete_long(self, blob: Blob) -> bool:
        for first in range(0, stripe_count(blob), STRIPES_AT_ONCE):
            stripes = range(first, min(first + STRIPES_AT_ONCE, stripe_count(blob)))
            if await self._delete(chunks_by_node(blob, stripes)):
                return False
        return True

    async def _delete(self, names: dict[int, list[bytes]]) -> set[int]:
        """Delete chunks, by node id. Returns the nodes where that failed."""
        failed, futures = set(), {}
        for node_id, ids in names.items():
            if node := self._cluster.node(node_id):
                futures[node_id] = node.delete_many(ids)
            else:
                failed.add(node_id)
        await wait_all(futures.values())
        for node_id, future in futures.items():
            if why := error_of(future):
                self._cluster.report_failure(node_id, why)
                failed.add(node_id)
        return failed

    # --- repair --------------------------------------------------------------------------

    async def repair(self) -> int:
        """Write the chunks in the repair queue again. Returns the number written."""
        reader = StripeReader(self._cluster, lambda chunk: None, hedge=False)
        due = await self._metadata.repairs.due(BATCH)
        done: list[MissingChunk] = []
        retry: list[MissingChunk] = []
        for repair in due:
            try:
                written = await self._repair_one(reader, repair)
            except (NodeError, DataUnavailable) as why:
                log.warning("a chunk of blob %s cannot be repaired yet: %s", repair.blob.id.hex(), why)
                written = False
            (done if written else retry).append(repair.missing)
        if done:
            await self._metadata.repairs.remove(done)
        if retry:
            await self._metadata.repairs.retry(retry, self._clock_us() + RETRY_US)
        return len(done)

    async def _repair_one(self, reader: StripeReader, repair: Repair) -> bool:
        missing, blob = repair.missing, repair.blob
        node = self._cluster.node(blob.nodes[missing.slot])
        if node is None or missing.stripe >= stripe_count(blob):
            return node is not None
        have = await reader.survivors(blob, missing.stripe)
        if missing.slot in have:
            return True
        size = stripe_size(blob, missing.stripe)
        chunk = rebuild(have, size, blob.parity, [missing.slot])[missing.slot]
        name = chunk_id(blob.id, missing.stripe, missing.slot)
        await node.put_many([(name, frame.encode(name, chunk))])
        return True

    # --- orphan sweep --------------------------------------------------------------------

    async def sweep_orphans(self) -> int:
        """Delete chunks that no row knows, on every node that is up. Returns their number."""
        before_us = self._clock_us() - self._grace_us
        if stale := await self._metadata.blobs.stale_pending(before_us, BATCH):
            # Without its intent the blob is unknown, so its chunks are found below.
            await self._metadata.blobs.remove_pending(stale)
        while await self._metadata.annotations.sweep(BATCH) == BATCH:
            pass
        total = 0
        for status in self._cluster.status():
            if status.up:
                total += await self._sweep_node(status.id, before_us)
        if total:
            log.info("deleted %d orphaned chunks, which no object referred to", total)
        return total

    async def _sweep_node(self, node_id: int, before_us: int) -> int:
        cursor, total = b"", 0
        while node := self._cluster.node(node_id):
            found, cursor = await node.scan(cursor, 1000)
            names = _old_chunks([name for name, _ in found], before_us)
            known = await self._metadata.blobs.known(list(names)) if names else set()
            orphans = [name for blob_id, chunks in names.items() if blob_id not in known for name in chunks]
            if orphans:
                await node.delete_many(orphans)
                total += len(orphans)
            if not cursor:
                break
        return total


def _old_chunks(names: Sequence[bytes], before_us: int) -> dict[bytes, list[bytes]]:
    """Chunk ids older than `before_us`, by blob id; names that are no chunk ids are left out."""
    out: dict[bytes, list[bytes]] = {}
    for name in names:
        try:
            blob_id, _, _ = parse_chunk_id(name)
        except ValueError:
            continue
        if id_time_us(blob_id) < before_us:
            out.setdefault(blob_id, []).append(name)
    return out
