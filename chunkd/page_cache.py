"""What large writes may keep of the system's page cache.

A stream of large objects would otherwise take all of it, and with it what small reads live on. It would also
pay for it: a page that was just given back is at hand, while fresh memory is slow to come by where it is
cleared, or first has to be had from a hypervisor that lends it page by page (there a stream of 256 MiB was
written at 260 MB/s into fresh pages, and at 500 into recycled ones). So what was written last stays, for it
is what is read next, and of what was written before it the pages go, once. What is read after that comes back
and stays as ever.

Pages that are mapped do not go, and what was read is mapped: so this process lets go of its mapping first.
That is no harm to who reads there meanwhile: the bytes are on disk, and touching them maps them again.
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
LEAST_BYTES = 256 << 10  # less is not worth remembering
MAPS = Path("/proc/self/maps")
_MADV_DONTNEED = 4

_ffi: Any = cffi.FFI()  # type: ignore[no-untyped-call]
_ffi.cdef("int madvise(void *start, size_t length, int advice);")
_libc: Any = _ffi.dlopen(None)


class WrittenPages:
    """The newest ranges of one file that large writes made, and are on disk; older ones leave the cache."""

    def __init__(self, path: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self._path = path.resolve()
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._most, self._bytes = kept_bytes, 0
        self._ranges: deque[tuple[int, int]] = deque()
        self._mapped_at: int | None = None  # 0: nowhere

    def wrote(self, start: int, stop: int) -> None:
        """The file's bytes [start, stop), whole pages, were written and synced. Releases the GIL."""
        if stop - start < LEAST_BYTES:
            return
        self._ranges.append((start, stop))
        self._bytes += stop - start
        while self._bytes > self._most:
            start, stop = self._ranges.popleft()
            self._bytes -= stop - start
            self._drop(start, stop - start)

    def _drop(self, start: int, length: int) -> None:
        if sys.platform == "linux":  # elsewhere the system decides alone
            if self._mapped_at is None:
                self._mapped_at = _where_mapped(self._path, self._file)
            if self._mapped_at:
                _libc.madvise(_ffi.cast("void *", self._mapped_at + start), length, _MADV_DONTNEED)
            with suppress(OSError):  # advice, and a file system may have no ear for it
                os.posix_fadvise(self._file, start, length, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        os.close(self._file)


def _where_mapped(path: Path, file: int) -> int:
    """The address of the first byte of the file's shared mapping in this process, 0 where there is none (of a
    private one, pages that were written to would be lost). proc_pid_maps(5)."""
    inode = str(os.fstat(file).st_ino)
    try:
        lines = MAPS.read_text().splitlines()
    except OSError:
        return 0  # no /proc is mounted here
    for line in lines:
        addresses, access, offset, _, of, *name = line.split(maxsplit=5)
        if access.endswith("s") and (int(offset, 16), of, name) == (0, inode, [str(path)]):
            return int(addresses.partition("-")[0], 16)
    return 0
