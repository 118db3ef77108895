"""Lines to a file descriptor from an event loop that must not wait for it.

The lines of one iteration of the loop are written at once. Before a write to a pipe, a terminal or a socket
it is polled, and the write is at most PIPE_BUF bytes: whole lines, so that the lines of several processes do
not mix. Lines for a slow reader are kept up to a limit; past it they are dropped and counted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import stat
from collections import deque
from pathlib import Path

log = logging.getLogger("sixfold.log")

LIMIT_BYTES = 1 << 20
FILE_BYTES = 1 << 16
RETRY_S = 0.05
CLOSE_S = 1.0


class LineWriter:
    """Writes lines to a path, or to standard output (None). Belongs to one event loop."""

    def __init__(self, path: Path | None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.path, self._limit_bytes = path, limit_bytes
        self.dropped = 0
        self._lines: deque[bytes] = deque()
        self._held_bytes = 0
        self._flush_is_due = False
        self._use(_opened(path))

    def write(self, line: bytes) -> None:
        """`line` ends in a newline."""
        if self._held_bytes > self._limit_bytes:
            self.dropped += 1
            return
        self._held_bytes += len(line)
        self._lines.append(line)
        if not self._flush_is_due:
            self._flush_is_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def reopen(self, path: Path | None) -> None:
        """Open `path` again, after a log rotation or with another path, and write to that file from now on.

        Raises OSError; then the old file stays in use.
        """
        if path is None and self.path is None:
            return
        fd = _opened(path)
        self.close()
        self.path = path
        self._use(fd)

    def close(self) -> None:
        """Write the remaining lines, for at most CLOSE_S, and close the file."""
        self._write_out(CLOSE_S)
        if self.path is not None:
            os.close(self._fd)

    def _use(self, fd: int) -> None:
        self._fd = fd
        self._is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        self._most_bytes = FILE_BYTES if self._is_file else select.PIPE_BUF
        self._room = select.poll()
        self._room.register(self._fd, select.POLLOUT)

    def _flush(self) -> None:
        self._flush_is_due = False
        self._write_out(0.0)
        if self._lines:
            self._flush_is_due = True
            asyncio.get_running_loop().call_later(RETRY_S, self._flush)
        elif self.dropped:
            log.warning(
                "%d lines were dropped: the reader of %s is too slow",
                self.dropped,
                self.path or "standard output",
            )
            self.dropped = 0

    def _write_out(self, patience_s: float) -> None:
        """Write lines while the descriptor accepts them at once, or within `patience_s`."""
        while self._lines:
            if not self._is_file and not self._room.poll(patience_s * 1000):
                return
            piece = self._next()
            try:
                written = os.write(self._fd, piece)
            except OSError as why:
                log.warning("%s cannot be written: %s", self.path or "standard output", why)
                written = len(piece)
            if written < len(piece):
                self._lines.appendleft(piece[written:])
            self._held_bytes -= written

    def _next(self) -> bytes:
        """Take the next lines off the queue: as many as fit into one write, at least one."""
        lines = self._lines
        if self._held_bytes <= self._most_bytes:
            piece = b"".join(lines)
            lines.clear()
            return piece
        taken = [lines.popleft()]
        room = self._most_bytes - len(taken[0])
        while lines and len(lines[0]) <= room:
            room -= len(lines[0])
            taken.append(lines.popleft())
        return b"".join(taken)


def _opened(path: Path | None) -> int:
    """Raises OSError."""
    if path is None:
        return 1
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
