"""Whose turn it is to write to a SQLite database that several processes share.

SQLite makes who comes too late sleep for longer and longer, up to a tenth of a second, and whoever comes just
in time goes first: with two workers each waited for the other half of the time. A lock of the operating
system on a file beside the database wakes the next one at once, and a process that dies lets go of it. Who
writes without asking for a turn is still kept out by SQLite's own lock.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

SUFFIX = "-turn"


class Turn:
    """One for each writing connection. Held by whoever took it until it is given back."""

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        self._file = os.open(path + SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.held = False

    def take(self, *, wait: bool) -> bool:
        """True where it is ours now. Who waits blocks its thread. Raises OSError."""
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def give(self) -> None:
        if self.held:
            self.held = False
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
