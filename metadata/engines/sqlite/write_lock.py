"""A lock between the processes that write to one SQLite database.

SQLite's own busy handler sleeps for longer and longer, up to a tenth of a second, and a process that arrives
meanwhile overtakes those that sleep: with two workers each waited half of the time. An operating system lock
on a file beside the database wakes the next waiter at once, and is released when its process dies. SQLite's
own lock still excludes writers that do not use this one.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

SUFFIX = "-turn"


class WriteLock:
    """The write lock of one writing connection, held from `acquire` to `release`."""

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        self._file = os.open(path + SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.held = False

    def acquire(self, *, wait: bool) -> bool:
        """Acquire the lock. Returns whether it is held. `wait` blocks the thread. Raises OSError."""
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self.held:
            self.held = False
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
