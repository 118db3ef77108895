"""Blobs, extents of objects, and queued work on blobs: garbage and repairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Blob(NamedTuple):
    """An immutable byte string on the nodes.

    `nodes[slot]` is the id of the node that keeps that slot of every stripe; len(nodes) == 6 + parity.
    """

    id: bytes
    size: int
    stripe_bytes: int
    parity: int
    nodes: tuple[int, ...]


class Extent(NamedTuple):
    """`length` bytes of `blob` from `offset` on, at position `start` of the object or part."""

    start: int
    length: int
    blob: Blob
    offset: int = 0


class MissingChunk(NamedTuple):
    """A chunk that could not be written. The transaction that creates its blob queues its repair."""

    blob_id: bytes
    stripe: int
    slot: int


class Staged(NamedTuple):
    """Bytes of a blob that is not on the nodes yet, as they will be stored there."""

    blob_id: bytes
    data: bytes | bytearray | memoryview


class Content(NamedTuple):
    """The bytes of a new object or part: extents in order (none: zero bytes).

    `new_blobs`: blobs that this write creates (a row each, refs 1 per extent). All other blobs are shared,
    and counted in the same transaction (BlobGone where one is gone). `missing`: chunks to repair.
    `unannounced`: no new blob has an intent (a row in `pending`).
    """

    size: int
    extents: tuple[Extent, ...] = ()
    new_blobs: frozenset[bytes] = frozenset()
    missing: tuple[MissingChunk, ...] = ()
    staged: Staged | None = None
    unannounced: bool = False


@dataclass(frozen=True, slots=True)
class Garbage:
    """A blob without references, whose chunks are to be deleted."""

    blob: Blob
    since_us: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Repair:
    """A chunk to write again, with the current row of its blob."""

    missing: MissingChunk
    blob: Blob
    attempts: int
