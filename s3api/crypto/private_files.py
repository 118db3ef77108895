"""Files that hold secrets: readable only by their owner, and written atomically."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def create(path: Path, text: str) -> bool:
    """Write a new file. Returns False, and changes nothing, if it exists already."""
    with _temporary_file(path, text) as draft, suppress(FileExistsError):
        os.link(draft, path)  # unlike a rename, never replaces
        return True
    return False


def replace(path: Path, text: str) -> None:
    """Write a file, replacing the one at `path`."""
    with _temporary_file(path, text) as draft:
        os.replace(draft, path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the file against other processes while it is read and changed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _temporary_file(path: Path, text: str) -> Iterator[Path]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
