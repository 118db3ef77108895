"""Record of refused requests and their reasons, by request id, for `sixfold explain`.

A file of JSON lines in the data directory, and its predecessor: together they hold a bounded number of the
newest refusals of all workers on this machine. Each refusal is logged as well. The refused caller learns no
more than in S3, except for principals of the bucket's own account.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("sixfold.access")

ANONYMOUS = "anonymous"
FILE_BYTES = 2 << 20
"""How large the file may grow before it becomes the one before: some 5,000 refusals."""


class Denials:
    """Record of refusals. `directory` None: they are only logged."""

    def __init__(self, directory: Path | None, *, file_bytes: int = FILE_BYTES) -> None:
        self._path = directory / "denials.jsonl" if directory else None
        self._file_bytes = file_bytes

    def record(self, request_id: str, **said: Any) -> None:
        """Record a refusal: the action, the caller, and the reason. Never raises, not even on a full disk."""
        entry = {"request_id": request_id, **said}
        # Anybody may be refused without a key, as often as they like.
        level = logging.DEBUG if said.get("principal") == ANONYMOUS else logging.INFO
        log.log(
            level,
            "request %s was denied: %s on %s, %s %s",
            request_id,
            said.get("action"),
            said.get("resource"),
            said.get("reason"),
            said.get("statement") or "",
            extra={"request_id": request_id, "operation": said.get("operation", "")},
        )
        if self._path is None:
            return
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=True) + "\n"
        try:
            _append(self._path, line.encode(), self._file_bytes)
        except OSError as why:
            log.warning("cannot record the refusal of request %s: %s", request_id, why)

    def find(self, request_id: str) -> list[Mapping[str, Any]]:
        """Find the refusals of a request, oldest first. A DeleteObjects may have several."""
        return [entry for entry in self._entries() if entry.get("request_id") == request_id]

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        for path in (_before(self._path), self._path) if self._path else ():
            with contextlib.suppress(FileNotFoundError), path.open() as lines:
                for line in lines:
                    with contextlib.suppress(ValueError):  # the last line of a gateway that was killed
                        yield json.loads(line)


def _before(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def _append(path: Path, line: bytes, file_bytes: int) -> None:
    """One write to a file opened for appending: the lines of several workers do not mix."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        if os.fstat(descriptor).st_size + len(line) > file_bytes:
            with contextlib.suppress(FileNotFoundError):  # another worker was first
                path.replace(_before(path))
            os.close(descriptor)
            descriptor = os.open(path, flags, 0o600)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
