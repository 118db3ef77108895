"""A lock between the processes that write to one SQLite database.

SQLite's own waiting sleeps for longer and longer, up to a tenth of a second, and a process that arrives just
in time overtakes those that sleep: with two workers each waited for the other half of the time. An operating
system lock on a file beside the database wakes the next waiter at once, and a process that dies releases it.
SQLite's own lock still keeps out writers that do not use this one.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

SUFFIX = "-turn"


class WriteLock:
    """The write lock, as one writing connection holds it from `take` to `give`."""

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        self._file = os.open(path + SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.held = False

    def take(self, *, wait: bool) -> bool:
        """Acquire the lock; True if this process holds it then. `wait` blocks the thread. Raises OSError."""
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def give(self) -> None:
        """Release the lock, if it is held."""
        if self.held:
            self.held = False
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
