"""What large writes leave in the page cache, asked of the system: a read that may not wait for the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chunkd import environment as environment_module
from chunkd.lmdb import LmdbNode
from chunkd.page_cache import WrittenPages
from tests.chunkd.chunks import sealed
from tests.chunkd.conftest import OpenNode

MIB = 1 << 20


def _cached(path: Path, start: int, stop: int) -> bool:
    with path.open("rb", buffering=0) as file:
        try:
            return os.preadv(file.fileno(), [bytearray(stop - start)], start, os.RWF_NOWAIT) == stop - start
        except BlockingIOError:
            return False


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(8 * MIB))
    _sync(path)
    assert _cached(path, 0, 8 * MIB)
    return path


def test_the_oldest_ranges_leave_and_the_newest_stay(file: Path) -> None:
    written = WrittenPages(file, kept_bytes=4 * MIB)
    written.wrote(0, 2 * MIB)
    written.wrote(4 * MIB, 6 * MIB)
    assert _cached(file, 0, 8 * MIB)
    written.wrote(6 * MIB, 8 * MIB)
    assert not _cached(file, 0, 4096)
    assert not _cached(file, 2 * MIB - 4096, 2 * MIB)
    assert _cached(file, 2 * MIB, 8 * MIB)  # 2 to 4 were never told of
    written.close()


def test_a_write_that_made_no_room_of_its_own_drops_nothing(file: Path) -> None:
    written = WrittenPages(file, kept_bytes=0)
    written.wrote(4 * MIB, 4 * MIB)
    assert _cached(file, 0, 8 * MIB)
    written.close()


async def test_a_stream_of_stripes_leaves_the_cache_and_many_small_chunks_stay(
    opened: OpenNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "WrittenPages", lambda path: WrittenPages(path, 0))
    node = await opened("lmdb:stream#0")
    assert isinstance(node, LmdbNode)
    path = node._open().path / "data.mdb"
    small = [node.put_many([sealed(8 << 10)]) for _ in range(1024)]
    await small[-1]
    before = path.stat().st_size
    assert _cached(path, before - 4 * MIB, before)
    await node.put_many([sealed(MIB) for _ in range(8)])
    assert not _cached(path, before + MIB, before + 2 * MIB)
    assert _cached(path, before - 4 * MIB, before)
