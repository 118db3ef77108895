"""What large writes may keep of the system's page cache.

A stream of large objects would otherwise take all of it, and with it what small reads live on. It would also
pay for it: a page that was just given back is at hand, while fresh memory is slow to come by where it is
cleared, or first has to be had from a hypervisor that lends it page by page (there a stream of 256 MiB was
written at 260 MB/s into fresh pages, and at 400 into recycled ones). So what was written last stays, for it
is what is read next, and of what was written before it the pages go. What is read comes back as ever.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

KEPT_BYTES = 512 << 20

# Linux has it; where there is none, the system decides alone.
_advise = cast(Callable[[int, int, int, int], None] | None, getattr(os, "posix_fadvise", None))
_DONT_NEED: int = getattr(os, "POSIX_FADV_DONTNEED", 0)


class WrittenPages:
    """The newest ranges of one file that large writes made, and are on disk; older ones leave the cache."""

    def __init__(self, path: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._most, self._bytes = kept_bytes, 0
        self._ranges: deque[tuple[int, int]] = deque()

    def wrote(self, start: int, stop: int) -> None:
        """The file's bytes [start, stop), whole pages, were written and synced. Releases the GIL."""
        if start >= stop or _advise is None:
            return
        self._ranges.append((start, stop))
        self._bytes += stop - start
        while self._bytes > self._most:
            start, stop = self._ranges.popleft()
            self._bytes -= stop - start
            with suppress(OSError):  # advice, and a file system may have no ear for it
                _advise(self._file, start, stop - start, _DONT_NEED)

    def close(self) -> None:
        os.close(self._file)
