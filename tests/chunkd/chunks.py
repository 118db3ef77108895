"""Chunks for tests: ids like those of the gateway, and valid frames."""

from __future__ import annotations

import os
from collections.abc import Sequence

from chunkd import Buffer, frame


def some_id(slot: int = 0) -> bytes:
    return os.urandom(16) + b"\0\0\0\0" + bytes([slot])


def sealed(size: int, chunk_id: bytes | None = None) -> tuple[bytes, bytes]:
    """A new chunk id and a frame of that id with `size` random bytes."""
    chunk_id = chunk_id or some_id()
    return chunk_id, frame.encode(chunk_id, os.urandom(size))


def total(chunks: Sequence[tuple[bytes, Buffer]]) -> int:
    return sum(len(data) for _, data in chunks)
