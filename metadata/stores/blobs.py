"""Blobs on their way to the nodes and away from them: pending writes, staged bytes, garbage, repairs."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.engines.runner import Runner
from metadata.ids import now_us
from metadata.records import Blob, Garbage, MissingChunk, Repair, Staged
from metadata.rows import blob_of
from metadata.transactions import maintenance, reads


class BlobRowStore:
    """`metadata.blobs`: rows of blobs, and of pending ones, whose chunks are being written."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add_pending(self, ids: Sequence[bytes], now_us: int) -> None:
        """Record the intent to write these blobs, so that the sweep spares their chunks. The transaction that
        makes an object of a blob removes its intent.
        """
        await self._runner.write(None, maintenance.begin_blobs, list(ids), now_us)

    async def touch_pending(self, ids: Sequence[bytes], now_us: int) -> None:
        """Renew the intents of blobs that are still being written."""
        await self._runner.write(None, maintenance.touch_blobs, list(ids), now_us)

    async def remove_pending(self, ids: Sequence[bytes]) -> None:
        """Remove the intents of blobs that will not be written."""
        await self._runner.write(None, maintenance.forget_blobs, list(ids))

    async def stale_pending(self, before_us: int, limit: int) -> list[bytes]:
        """List blobs whose intent was last renewed before `before_us`, the oldest first."""
        return await self._runner.read(reads.stale_pending, before_us, limit)

    async def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Filter ids: those that have a row as a blob, as garbage or as an intent."""
        return await self._runner.read(reads.known_blobs, list(ids))

    async def move_slot(self, blob_id: bytes, slot: int, node_id: int) -> None:
        """Record that `node_id` holds this slot of the blob from now on. Raises BlobGone."""
        await self._runner.write(None, maintenance.move_slot, blob_id, slot, node_id)


class StagingStore:
    """`metadata.staging`: bytes of small blobs that were committed with their rows and are not on the nodes
    yet.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def supported(self) -> bool:
        """Whether the engine accepts `Content.staged`."""
        return self._runner.can_stage

    async def get(self, blob_id: bytes) -> bytes | None:
        """Read the staged bytes of a blob; None where the nodes have it."""
        row = await self._runner.read(maintenance.staged_bytes, blob_id)
        return None if row is None else bytes(row[0])

    async def remove(self, ids: Sequence[bytes]) -> None:
        """Remove the staged bytes of blobs that the nodes have now."""
        await self._runner.write(None, maintenance.settled, list(ids))

    async def remove_between(self, above: bytes, last: bytes) -> None:
        """Remove all staged bytes of ids above `above`, up to and including `last`: the nodes have them."""
        await self._runner.write(None, maintenance.settled_between, above, last)

    async def list(self, limit: int) -> list[tuple[Staged, Blob | None]]:
        """List staged bytes, the oldest first, each with its blob, None where that was deleted."""
        found = await self._runner.read(maintenance.staged, limit)
        return [
            (Staged(blob_id, data), None if blob[0] is None else blob_of((blob_id, *blob)))
            for blob_id, data, *blob in found
        ]


class GarbageStore:
    """`metadata.garbage`: blobs without references, whose chunks are to be deleted."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def due(self, before_us: int, limit: int) -> list[Garbage]:
        """List blobs that have been garbage since `before_us` or earlier and wait for no later retry."""
        found = await self._runner.read(maintenance.garbage, before_us, now_us(), limit)
        return [Garbage(blob_of(tuple(blob)), since_us, attempts) for *blob, since_us, attempts in found]

    async def remove(self, ids: Sequence[bytes]) -> None:
        """Forget blobs whose chunks are deleted, with their repairs."""
        await self._runner.write(None, maintenance.garbage_done, list(ids))

    async def retry(self, ids: Sequence[bytes], until_us: int) -> None:
        """Count a failed attempt; the blobs are due again at `until_us`."""
        await self._runner.write(None, maintenance.garbage_retry, list(ids), until_us)


class RepairStore:
    """`metadata.repairs`: chunks that are missing or damaged and are to be written again."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, chunks: Sequence[MissingChunk]) -> None:
        """Queue chunks; those of deleted blobs are left out."""
        await self._runner.write(None, maintenance.add_repairs, list(chunks))

    async def due(self, limit: int) -> list[Repair]:
        """List chunks that are due now."""
        return await self._runner.read(reads.repairs, now_us(), limit)

    async def remove(self, chunks: Sequence[MissingChunk]) -> None:
        """Remove repaired chunks from the queue."""
        await self._runner.write(None, maintenance.repair_done, list(chunks))

    async def retry(self, chunks: Sequence[MissingChunk], until_us: int) -> None:
        """Count a failed attempt; the chunks are due again at `until_us`."""
        await self._runner.write(None, maintenance.repair_retry, list(chunks), until_us)
