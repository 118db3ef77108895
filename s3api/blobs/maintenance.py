"""What keeps the nodes tidy behind the requests: the reaper, the repairer and the sweep.

- The reaper deletes the chunks of blobs that nothing refers to any more (the garbage table), a while after
  they died, so that a download under way may end. A node that is down keeps its blob in the table until it is
  back.
- The repairer writes chunks again that a write or a read found missing or damaged.
- The sweep finds what a crash left: chunks on nodes, older than a grace time, whose blob no row knows (blob,
  garbage or intent); and intents of long writes that nobody touched for as long.

One gateway at a time does each of them, by a lease row. Every step may be done twice without harm, so a lost
lease costs work, never data.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chunkd import NodeError, frame
from metadata.errors import MetadataError
from metadata.records import Blob, Garbage, MissingChunk, Repair
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import rebuild
from s3api.blobs.fanout import failure, settle
from s3api.blobs.reader import DataUnavailable, Reader
from s3api.blobs.stripes import (
    chunk_id,
    chunks_by_node,
    id_time_us,
    parse_chunk_id,
    stripe_count,
    stripe_size,
)
from s3api.tasks.periodic import Leader, Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.upkeep")
BATCH = 256
STRIPES_AT_ONCE = 64
DAMAGED_MOST = 10_000
RETRY_US = 30_000_000
PERIOD_S = 1.0
TOUCH_EVERY_US = 300_000_000


class Upkeep:
    """The background work of one gateway.

    `reading` counts, by blob id, the downloads under way in this process.
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
        self._swept_us = self._touched_us = clock_us()
        self._intents = intents
        self._leader = Leader(metadata, "upkeep", holder=holder, clock_us=clock_us)
        self.reading: Counter[bytes] = Counter()
        self._damaged: set[MissingChunk] = set()
        self._task = Periodic(
            "upkeep",
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

    def damaged(self, chunk: MissingChunk) -> None:
        """A read found this chunk missing or damaged.

        Remembered here until the next period; bounded: the next read finds it again.
        """
        if len(self._damaged) < DAMAGED_MOST:
            self._damaged.add(chunk)

    async def _step(self) -> None:
        guarded = self._task.guarded
        await guarded("noting damage", self._note_damage)
        await guarded("touching intents", self._touch_intents)
        if not await guarded("taking the lease", self._leader.leads):
            return
        await guarded("reaping", self.reap)
        await guarded("repairing", self.repair)
        if self._clock_us() - self._swept_us > self._sweep_every_us:
            self._swept_us = self._clock_us()
            await guarded("sweeping", self.sweep)

    async def _touch_intents(self) -> None:
        """Say of the long writes of this process that they are still under way, well within the grace."""
        now_us = self._clock_us()
        if self._intents and now_us - self._touched_us > min(TOUCH_EVERY_US, self._grace_us // 4):
            self._touched_us = now_us
            await self._metadata.touch_blobs(list(self._intents), now_us)

    async def _note_damage(self) -> None:
        if self._damaged:
            noted = list(self._damaged)
            await self._metadata.add_repairs(noted)
            self._damaged.difference_update(noted)

    # --- reaper --------------------------------------------------------------------------

    async def reap(self) -> int:
        """Delete the chunks of what has been garbage for long enough; the number of blobs that are gone."""
        total = 0
        while True:
            found = await self._metadata.garbage(self._clock_us() - self._reap_after_us, BATCH)
            due = [g for g in found if not self.reading[g.blob.id]]
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
            await self._metadata.garbage_done(gone)
        left = [g.blob.id for g in due if g.blob.id not in set(gone)]
        if left:
            await self._metadata.garbage_retry(left, self._clock_us() + RETRY_US)
        return gone

    async def _delete_long(self, blob: Blob) -> bool:
        for first in range(0, stripe_count(blob), STRIPES_AT_ONCE):
            stripes = range(first, min(first + STRIPES_AT_ONCE, stripe_count(blob)))
            if await self._delete(chunks_by_node(blob, stripes)):
                return False
        return True

    async def _delete(self, names: dict[int, list[bytes]]) -> set[int]:
        """Delete chunks node by node; the nodes where that failed."""
        failed, futures = set(), {}
        for node_id, ids in names.items():
            if node := self._cluster.node(node_id):
                futures[node_id] = node.delete_many(ids)
            else:
                failed.add(node_id)
        await settle(futures.values())
        for node_id, future in futures.items():
            if why := failure(future):
                self._cluster.failed(node_id, why)
                failed.add(node_id)
        return failed

    # --- repair --------------------------------------------------------------------------

    async def repair(self) -> int:
        """Write chunks again that are known to be missing; the number written."""
        reader = Reader(self._cluster, lambda chunk: None, hedge=False)
        due = await self._metadata.repairs(BATCH)
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
            await self._metadata.repair_done(done)
        if retry:
            await self._metadata.repair_retry(retry, self._clock_us() + RETRY_US)
        return len(done)

    async def _repair_one(self, reader: Reader, repair: Repair) -> bool:
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

    # --- sweep ---------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Delete chunks that no row knows, on every node that answers; their number."""
        before_us = self._clock_us() - self._grace_us
        if stale := await self._metadata.stale_pending(before_us, BATCH):
            # Without its intent the blob is unknown, and its chunks are found below.
            await self._metadata.forget_blobs(stale)
        while await self._metadata.sweep_annotations(BATCH) == BATCH:
            pass
        total = 0
        for status in self._cluster.status():
            if status.up:
                total += await self._sweep_node(status.id, before_us)
        if total:
            log.info("swept %d chunks that no object knew", total)
        return total

    async def _sweep_node(self, node_id: int, before_us: int) -> int:
        cursor, total = b"", 0
        while node := self._cluster.node(node_id):
            found, cursor = await node.scan(cursor, 1000)
            names = _old_chunks([name for name, _ in found], before_us)
            known = await self._metadata.known_blobs(list(names)) if names else set()
            orphans = [name for blob_id, chunks in names.items() if blob_id not in known for name in chunks]
            if orphans:
                await node.delete_many(orphans)
                total += len(orphans)
            if not cursor:
                break
        return total


def _old_chunks(names: Sequence[bytes], before_us: int) -> dict[bytes, list[bytes]]:
    """Chunk ids older than `before_us` by their blob; what is no chunk id of ours is left alone."""
    out: dict[bytes, list[bytes]] = {}
    for name in names:
        try:
            blob_id, _, _ = parse_chunk_id(name)
        except ValueError:
            continue
        if id_time_us(blob_id) < before_us:
            out.setdefault(blob_id, []).append(name)
    return out
