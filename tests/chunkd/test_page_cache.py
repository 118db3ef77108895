"""The pages that large writes leave in the system's page cache."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import cffi
import pytest

from chunkd import lmdb_environment as environment_module
from chunkd import page_cache
from chunkd.lmdb import LmdbNode
from chunkd.page_cache import LEAST_BYTES, WrittenPages
from tests.chunkd.chunks import sealed
from tests.chunkd.conftest import OpenNode

MIB = 1 << 20
ffi: Any = cffi.FFI()
ffi.cdef("int mincore(void *start, size_t length, unsigned char *pages);")
libc: Any = ffi.dlopen(None)


def _cached(path: Path, start: int, stop: int) -> bool:
    """Whether all of these bytes are in memory, by mincore(2), which loads none of them."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        base = ffi.from_buffer(mapped)
        pages = ffi.new("unsigned char[]", -(-len(mapped) // mmap.PAGESIZE))
        assert libc.mincore(ffi.cast("void *", base), len(mapped), pages) == 0
        ffi.release(base)
        return b"\0" not in ffi.buffer(pages)[start // mmap.PAGESIZE : -(-stop // mmap.PAGESIZE)]


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


def test_a_write_that_took_next_to_no_new_room_drops_nothing(file: Path) -> None:
    written = WrittenPages(file, kept_bytes=0)
    written.wrote(4 * MIB, 4 * MIB)
    written.wrote(4 * MIB, 4 * MIB + LEAST_BYTES - 4096)
    assert _cached(file, 0, 8 * MIB)
    written.close()


def test_what_this_process_has_read_leaves_too(file: Path) -> None:
    """Mapped pages are dropped too."""
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        assert mapped[::4096].count(0) == 8 * MIB // 4096  # touched
        written = WrittenPages(file, kept_bytes=0)
        written.wrote(0, 4 * MIB)
        assert not _cached(file, 0, 4096)
        assert not _cached(file, 3 * MIB, 3 * MIB + 4096)
        assert _cached(file, 5 * MIB, 8 * MIB)
        assert mapped[:4096] == bytes(4096)
        written.close()


def test_a_private_mapping_is_left_alone(file: Path) -> None:
    """A private mapping is left alone: its written pages are nowhere else."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[:6] = b"mine!!"
        written = WrittenPages(file, kept_bytes=0)
        written.wrote(0, 4 * MIB)
        assert mapped[:6] == b"mine!!"
        written.close()


def test_without_proc_what_is_not_mapped_leaves(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "MAPS", tmp_path / "nothing")
    written = WrittenPages(file, kept_bytes=0)
    written.wrote(0, 4 * MIB)
    assert not _cached(file, 0, 4096)
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
    chunks = [sealed(MIB) for _ in range(8)]
    await node.put_many(chunks)
    assert not _cached(path, before + MIB, before + 2 * MIB)
    assert _cached(path, before - 4 * MIB, before)
