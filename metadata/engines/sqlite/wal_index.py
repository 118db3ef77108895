"""Detects changes of a SQLite database by its WAL-index, without a query.

A commit in WAL mode, whichever process makes it, is published by writing the header of the WAL-index: shared
memory that every process maps, the file beside the database whose name ends in `-shm`. Its first 96 bytes
are two copies of that header, with a change counter, the end of the log and a checksum. SQLite's own readers
check them first: while they are unchanged, every query has the same result. Reading them costs 0.1 us,
`PRAGMA data_version` 2.3. Source: https://sqlite.org/walformat.html, 2.1.

The file is only read, and stays open until its last user in this process releases it: POSIX drops all locks
that a process has on a file when it closes any descriptor of it, and SQLite locks this file.
"""

from __future__ import annotations

import mmap
import os
from typing import ClassVar

HEADERS_BYTES = 96


class WalIndex:
    """The WAL-index of one database. Made by `acquire`."""

    shared: ClassVar[dict[str, WalIndex]] = {}

    def __init__(self, path: str) -> None:
        self._path, self._users = path, 0
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._memory = mmap.mmap(self._file, HEADERS_BYTES, access=mmap.ACCESS_READ)

    @classmethod
    def acquire(cls, database: str) -> WalIndex:
        """Return the WAL-index of the database at that path. A connection must have read from it already.

        Raises OSError, ValueError.
        """
        path = os.path.realpath(database) + "-shm"
        found = cls.shared.get(path)
        if found is None:
            found = cls.shared[path] = cls(path)
        found._users += 1
        return found

    def stamp(self) -> bytes:
        """Return the header. Two equal stamps: no commit became visible in between."""
        return self._memory[:HEADERS_BYTES]

    def release(self) -> None:
        """Close the file with its last user. Called once a user, after its connections are closed."""
        self._users -= 1
        if not self._users:
            del self.shared[self._path]
            self._memory.close()
            os.close(self._file)
