"""Attach content to objects and release it: extents, reference counts of blobs, garbage. Only this module
changes `blob.refs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from metadata.errors import BlobGone
from metadata.queries.contents import Contents
from metadata.queries.statements import Retry, Transaction
from metadata.records import Content, MissingChunk
from metadata.rows import Row, blob_values


def check_shared(content: Content) -> Transaction[None]:
    """Raise BlobGone where the content shares a blob that is dead."""
    shared = {e.blob.id for e in content.extents if e.blob.id not in content.new_blobs}
    if shared:
        found = yield Contents.alive.each({"blob_id": blob_id} for blob_id in sorted(shared))
        if None in found:
            raise BlobGone


def attach(content: Content) -> Transaction[None]:
    """Count the references of new content's extents, which the caller writes."""
    if len(content.extents) == 1:
        yield from _refer(content.extents[0].blob, 1, content)
    else:
        counts = Counter(e.blob.id for e in content.extents)
        for blob in {e.blob.id: e.blob for e in content.extents}.values():
            yield from _refer(blob, counts[blob.id], content)
    if content.staged is not None:
        yield Contents.stage(blob_id=content.staged.blob_id, data=content.staged.data)
    if content.missing:
        yield Contents.add_repair.each(repair_values(chunk) for chunk in content.missing)


def _refer(blob: Any, n: int, content: Content) -> Transaction[None]:
    if blob.id in content.new_blobs:
        added = yield Contents.add_blob(**blob_values(blob), refs=n)
        if not added:
            raise ValueError(f"blob {blob.id.hex()} is not new")
    else:
        shared = yield Contents.share(blob_id=blob.id, n=n)
        if not shared:
            raise Retry


def write_extents(data_id: bytes, content: Content, *, base: int = 0) -> Transaction[None]:
    """Extents as rows, `base` bytes further on."""
    yield Contents.add_extent.each(
        {
            "data_id": data_id,
            "start": base + e.start,
            "length": e.length,
            "blob_id": e.blob.id,
            "blob_offset": e.offset,
        }
        for e in content.extents
    )


def remove_intents(content: Content) -> Transaction[None]:
    yield Contents.remove_intent.each({"blob_id": blob_id} for blob_id in content.new_blobs)


def release(blob_ids: Iterable[bytes], now_us: int) -> Transaction[None]:
    """One reference less for each; what nothing refers to any more becomes garbage."""
    wanted = list(blob_ids)
    if len(wanted) == 1:
        buried = [(yield Contents.bury(blob_id=wanted[0], refs=1))]
    else:
        buried = yield Contents.bury.each({"blob_id": blob_id, "refs": 1} for blob_id in wanted)
    for at, row in enumerate(buried):
        if row is None:
            buried[at] = yield from _release_shared(wanted[at])
    dead = [_garbage(row, now_us) for row in buried if row is not None]
    if len(dead) == 1:
        yield Contents.add_garbage(**dead[0])
    elif dead:
        yield Contents.add_garbage.each(dead)


def _release_shared(blob_id: bytes) -> Transaction[Row | None]:
    """The blob's row if that was its last reference after all."""
    left = yield Contents.release(blob_id=blob_id)
    if left is None:
        raise Retry
    row: Row | None = (yield Contents.bury(blob_id=blob_id, refs=0)) if left[0] == 0 else None
    return row


def release_all(data_id: bytes, now_us: int) -> Transaction[None]:
    """Remove all extents of a `data_id`, in a handful of statements however many there are."""
    yield Contents.release_all(data_id=data_id)
    yield Contents.bury_all(data_id=data_id, since_us=now_us)
    yield Contents.remove_dead(data_id=data_id)
    yield Contents.remove_extents(data_id=data_id)


def _garbage(row: Row, now_us: int) -> dict[str, Any]:
    id_, size, stripe_bytes, parity, nodes = row
    return {
        "id": id_, "size": size, "stripe_bytes": stripe_bytes, "parity": parity, "nodes": nodes,
        "since_us": now_us, "retry_us": 0, "attempts": 0,
    }  # fmt: skip


def repair_values(chunk: MissingChunk) -> dict[str, Any]:
    return {"blob_id": chunk.blob_id, "stripe": chunk.stripe, "slot": chunk.slot, "due_us": 0, "attempts": 0}
