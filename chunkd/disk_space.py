"""Free space on the disk of an embedded node, and the reserve that chunks may not use.

On a disk that is full to its last block, deletions fail too: LMDB writes pages before it frees any, and so
does a database on the same disk. So chunks are refused (NodeFull) while a reserve is still free. Reads and
deletions go on, and space that deletions free inside the file is used again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

RESERVE_SHARE = 20  # one part in so many of the disk, within:
LEAST_RESERVE_BYTES, MOST_RESERVE_BYTES = 16 << 20, 256 << 20
MEASURE_EVERY_S = 0.05
HOLES_SHARE = 4


class DiskSpace:
    """The free space for chunks in one file.

    `file_bytes` returns the file's size and the free bytes inside it.
    """

    def __init__(self, path: Path, file_bytes: Callable[[], tuple[int, int]]) -> None:
        self._path, self._file_bytes = path, file_bytes
        disk = os.statvfs(path)
        share = disk.f_blocks * disk.f_frsize // RESERVE_SHARE
        self.reserve_bytes = min(max(share, LEAST_RESERVE_BYTES), MOST_RESERVE_BYTES)
        self._left_bytes, self._measure_at_s = 0, 0.0

    def reserve(self, size: int) -> bool:
        """Reserve `size` bytes for chunks, until the disk is measured again. False if there is no room.

        Raises OSError.
        """
        if size == 0:
            return True
        now_s = time.monotonic()
        if now_s >= self._measure_at_s:
            self._left_bytes, self._measure_at_s = self._measure(), now_s + MEASURE_EVERY_S
        if size > self._left_bytes:
            return False
        self._left_bytes -= size
        return True

    def free_bytes(self) -> int:
        """How much the file may still grow. Raises OSError."""
        return max(0, self._disk_bytes() - self.reserve_bytes)

    def is_short(self) -> bool:
        """Whether a failed write probably ran out of space: LMDB reports a short write as EIO.

        Raises OSError.
        """
        return self._disk_bytes() < self.reserve_bytes

    def _disk_bytes(self) -> int:
        disk = os.statvfs(self._path)
        return disk.f_bavail * disk.f_frsize

    def _measure(self) -> int:
        disk_bytes = self._disk_bytes()
        if disk_bytes > 2 * self.reserve_bytes:
            return disk_bytes - self.reserve_bytes
        whole, holes = self._file_bytes()
        # A large chunk needs adjacent pages: a file with few holes grows all the same.
        if disk_bytes < self.reserve_bytes // 2 and holes < whole // HOLES_SHARE:
            return 0
        return disk_bytes - self.reserve_bytes + holes
