"""The reserved disk space, on a simulated disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chunkd import disk_space
from chunkd.disk_space import DiskSpace

BLOCK, GIB, MIB = 4096, 1 << 30, 1 << 20


class Disk:
    """A simulated disk: its free bytes, and the size and free bytes of a file on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
        self.size, self.free, self.file = size, size, (0, 0)
        self.now_s = 100.0
        monkeypatch.setattr(disk_space.os, "statvfs", lambda _: self._statvfs())
        monkeypatch.setattr(disk_space.time, "monotonic", lambda: self.now_s)

    def _statvfs(self) -> os.statvfs_result:
        free = self.free // BLOCK
        return os.statvfs_result((BLOCK, BLOCK, self.size // BLOCK, free, free, 0, 0, 0, 0, 255))

    def free_space(self) -> DiskSpace:
        return DiskSpace(Path("/"), lambda: self.file)

    def later(self, **what: object) -> None:
        """Advance the clock, so that the disk is measured again."""
        self.now_s += disk_space.MEASURE_EVERY_S
        for name, value in what.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("size", "reserve"), [(100 * MIB, 16 * MIB), (2 * GIB, 2 * GIB // 20), (GIB << 10, 256 * MIB)]
)
def test_the_reserve_is_a_share_within_bounds(
    monkeypatch: pytest.MonkeyPatch, size: int, reserve: int
) -> None:
    assert Disk(monkeypatch, size).free_space().reserve_bytes == reserve


def test_the_reserve_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, 100 * MIB)
    it = disk.free_space()
    assert it.free_bytes() == 84 * MIB
    assert it.reserve(80 * MIB)
    assert not it.reserve(5 * MIB)  # what is on its way counts
    assert it.reserve(4 * MIB)
    disk.later(free=16 * MIB)
    assert not it.reserve(1)
    assert it.reserve(0)
    assert it.free_bytes() == 0
    assert not it.is_short()
    disk.free = 15 * MIB
    assert it.is_short()
    disk.later(free=50 * MIB)
    assert it.reserve(MIB)


def test_holes_in_the_file_are_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, 100 * MIB)
    disk.free, disk.file = 12 * MIB, (80 * MIB, 10 * MIB)
    it = disk.free_space()
    assert it.reserve(6 * MIB)
    assert not it.reserve(MIB)
    disk.later(free=4 * MIB)  # few holes: who wants pages side by side makes the file grow
    assert not it.reserve(MIB)
    disk.later(file=(80 * MIB, 40 * MIB))
    assert it.reserve(28 * MIB)
    assert not it.reserve(MIB)
