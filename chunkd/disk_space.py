"""DiskSpace on the disk under an embedded node, and the reserve that chunks may not take.

A disk that is full to its last block takes no deletion either: LMDB writes pages before it frees any, and so
does the database that may lie beside it. So chunks are refused (NodeFull) while a reserve is still free;
reads and deletions go on, and what deletions free inside the file is given out again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

RESERVE_SHARE = 20  # one part in so many of the disk, within:
LEAST_RESERVE_BYTES, MOST_RESERVE_BYTES = 16 << 20, 256 << 20
LOOK_EVERY_S = 0.05
HOLES_SHARE = 4


class DiskSpace:
    """`file_bytes` tells the size of the file on that disk and how much of it is free inside."""

    def __init__(self, path: Path, file_bytes: Callable[[], tuple[int, int]]) -> None:
        self._path, self._file_bytes = path, file_bytes
        disk = os.statvfs(path)
        share = disk.f_blocks * disk.f_frsize // RESERVE_SHARE
        self.reserve_bytes = min(max(share, LEAST_RESERVE_BYTES), MOST_RESERVE_BYTES)
        self._left_bytes, self._look_at_s = 0, 0.0

    def take(self, size: int) -> bool:
        """Whether chunks of `size` bytes may be written; they count until the disk is looked at again.
        Raises OSError."""
        if size == 0:
            return True
        now_s = time.monotonic()
        if now_s >= self._look_at_s:
            self._left_bytes, self._look_at_s = self._look(), now_s + LOOK_EVERY_S
        if size > self._left_bytes:
            return False
        self._left_bytes -= size
        return True

    def free_bytes(self) -> int:
        """What the file may still grow by. Raises OSError."""
        return max(0, self._disk_bytes() - self.reserve_bytes)

    def is_short(self) -> bool:
        """Whether an error of a write is likely to be for want of room: LMDB calls a short write EIO. Raises
        OSError."""
        return self._disk_bytes() < self.reserve_bytes

    def _disk_bytes(self) -> int:
        disk = os.statvfs(self._path)
        return disk.f_bavail * disk.f_frsize

    def _look(self) -> int:
        disk_bytes = self._disk_bytes()
        if disk_bytes > 2 * self.reserve_bytes:
            return disk_bytes - self.reserve_bytes
        whole, holes = self._file_bytes()
        # A large chunk wants pages side by side, and a file with few holes grows all the same.
        if disk_bytes < self.reserve_bytes // 2 and holes < whole // HOLES_SHARE:
            return 0
        return disk_bytes - self.reserve_bytes + holes
