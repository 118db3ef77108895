"""Limit how much of the system's page cache large writes keep.

A stream of large objects would otherwise fill it, and evict the pages that small reads need. It would also be
slow: a page that was just freed is reused at once, while fresh memory has to be cleared, or first fetched
from a hypervisor that lends it page by page (there a stream of 256 MiB was written at 260 MB/s into fresh
pages, at 500 into recycled ones). So the pages written last stay, as they are likely to be read next, and
older ones are dropped, once. Pages that are read after that stay as usual.

Mapped pages are not dropped, and pages that were read are mapped: so this process unmaps them first
(`MADV_DONTNEED`). A concurrent read is not harmed: the bytes are on disk, and touching them maps them again.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import cffi

KEPT_BYTES = 512 << 20
LEAST_BYTES = 256 << 10  # smaller ranges are not tracked
MAPS = Path("/proc/self/maps")
_MADV_DONTNEED = 4

_ffi: Any = cffi.FFI()  # type: ignore[no-untyped-call]
_ffi.cdef("int madvise(void *start, size_t length, int advice);")
_libc: Any = _ffi.dlopen(None)


class WrittenPages:
    """Tracks the ranges of one file that large writes wrote, and drops all but the newest from the page
    cache.
    """

    def __init__(self, path: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self._path = path.resolve()
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._most, self._bytes = kept_bytes, 0
        self._ranges: deque[tuple[int, int]] = deque()
        self._mapped_at: int | None = None  # 0: not mapped

    def wrote(self, start: int, stop: int) -> None:
        """Record that the bytes [start, stop), whole pages, were written and synced. Releases the GIL."""
        if stop - start < LEAST_BYTES:
            return
        self._ranges.append((start, stop))
        self._bytes += stop - start
        while self._bytes > self._most:
            start, stop = self._ranges.popleft()
            self._bytes -= stop - start
            self._drop(start, stop - start)

    def _drop(self, start: int, length: int) -> None:
        if sys.platform == "linux":  # other systems have no such advice
            if self._mapped_at is None:
                self._mapped_at = _where_mapped(self._path, self._file)
            if self._mapped_at:
                _libc.madvise(_ffi.cast("void *", self._mapped_at + start), length, _MADV_DONTNEED)
            with suppress(OSError):  # a file system may not support the advice
                os.posix_fadvise(self._file, start, length, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        os.close(self._file)


def _where_mapped(path: Path, file: int) -> int:
    """The address of the file's shared mapping in this process, 0 if there is none. proc_pid_maps(5).

    A private mapping does not count: its written pages would be lost.
    """
    inode = str(os.fstat(file).st_ino)
    try:
        lines = MAPS.read_text().splitlines()
    except OSError:
        return 0  # /proc is not mounted
    for line in lines:
        addresses, access, offset, _, of, *name = line.split(maxsplit=5)
        if access.endswith("s") and (int(offset, 16), of, name) == (0, inode, [str(path)]):
            return int(addresses.partition("-")[0], 16)
    return 0
