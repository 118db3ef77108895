"""The files of an LMDB environment: open them for durable commits, lock them, and translate their errors."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import lmdb

from chunkd.node import NodeDown, NodeError, NodeFull, NodeInUse

MAP_BYTES = 8 << 40  # sparse: it takes address space, not disk
SMALLEST_MAP_BYTES = 1 << 30
MAX_NODES = 128
MAX_READERS = 512
PING_DB = b".ping"


def lock(path: Path, *, exclusive: bool) -> int:
    """Create the directory, for its owner only, and lock it: shared, or against every other process.

    Raises NodeInUse.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise NodeInUse(f"lmdb:{path}", "another process has these files open") from None
    return descriptor


def open_files(path: Path, map_bytes: int, *, locks: bool) -> lmdb.Environment:
    """Open with the largest map that the address space allows, up to `map_bytes`."""
    while True:
        with suppress(lmdb.MemoryError):
            return _open_with_map(path, map_bytes, locks=locks)
        if map_bytes <= SMALLEST_MAP_BYTES:
            raise NodeDown(str(path), "no address space")
        map_bytes //= 2


def _open_with_map(path: Path, map_bytes: int, *, locks: bool) -> lmdb.Environment:
    environment = lmdb.open(
        os.fspath(path),
        map_size=map_bytes,
        max_dbs=MAX_NODES,
        max_readers=MAX_READERS,
        mode=0o600,
        metasync=True,
        sync=True,
        meminit=False,
        readahead=True,
        max_spare_txns=4,
        lock=locks,
    )
    if locks:
        environment.reader_check()
    return environment


def file_bytes(environment: lmdb.Environment) -> tuple[int, int]:
    """The size of the committed data file, and the free bytes inside it. Raises lmdb.Error."""
    with environment.begin() as transaction:
        main = environment.open_db(None, txn=transaction)
        names = list(transaction.cursor(main).iternext(values=False))
        databases = [environment.open_db(name, txn=transaction, create=False) for name in names]
        used = sum(pages(transaction.stat(each)) for each in (main, *databases))
        page_bytes: int = transaction.stat(main)["psize"]
    whole = (environment.info()["last_pgno"] + 1) * page_bytes
    return whole, max(0, whole - used * page_bytes)


def pages(stat: Any) -> int:
    """The number of pages of a database."""
    count: int = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
    return count


def node_error(address: str, why: Exception) -> NodeError:
    """Translate an error of LMDB or of the disk to NodeFull or NodeDown."""
    full = (
        isinstance(why, lmdb.MapFullError) or getattr(why, "code", getattr(why, "errno", 0)) == errno.ENOSPC
    )
    return (NodeFull if full else NodeDown)(address, str(why))
