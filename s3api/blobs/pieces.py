"""Pieces: the parts of stripes that make up a byte range of an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metadata.records import Blob, Extent


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes [start, stop) of one stripe of a blob, fetched in one go."""

    blob: Blob
    stripe: int
    start: int
    stop: int


def pieces_of(extents: Sequence[Extent], start: int, stop: int) -> list[Piece]:
    """The pieces that make bytes [start, stop) of an object, in order.

    `extents` must cover the range.
    """
    out: list[Piece] = []
    for extent in extents:
        first, last = max(start, extent.start), min(stop, extent.start + extent.length)
        at, end = first - extent.start + extent.offset, last - extent.start + extent.offset
        size = extent.blob.stripe_bytes
        while at < end:
            stripe, within = divmod(at, size)
            take = min(size - within, end - at)
            out.append(Piece(extent.blob, stripe, within, within + take))
            at += take
    return out
