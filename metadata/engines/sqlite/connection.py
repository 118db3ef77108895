"""Connections to a SQLite database: settings, execution of statements, size of the WAL, errors."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import Any

from metadata.errors import MetadataUnavailable
from metadata.queries.statements import Call, Fetch

BUSY_MS = 15_000
WAL_BYTES = 64 << 20
CHECKPOINT_PAGES = 8000  # 32 MiB: hot pages are written to the database once for many commits


def connect(path: str) -> sqlite3.Connection:
    """Open a connection in WAL mode, usable from any thread. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "cache_size = -65536",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"journal_size_limit = {WAL_BYTES}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def execute(connection: sqlite3.Connection, call: Call) -> Any:
    """Execute a statement. Returns what its `fetch` asks for. Raises sqlite3.Error."""
    statement, parameters, many = call
    sql, pick = statement.sqlite
    fetch = statement.fetch
    if many:
        if fetch is Fetch.COUNT:
            connection.executemany(sql, map(pick, parameters))
            return None
        execute = connection.execute
        return [next(iter(execute(sql, pick(given)).fetchall()), None) for given in parameters]
    cursor = connection.execute(sql, pick(parameters))
    if fetch is Fetch.COUNT:
        return cursor.rowcount
    if fetch is Fetch.ALL:
        return cursor.fetchall()
    # Fetch to the end: otherwise a RETURNING leaves its statement open.
    row = cursor.fetchone()
    if statement.writes:
        cursor.fetchall()
    return row


def truncate_large_wal(connection: sqlite3.Connection, path: str) -> None:
    """Checkpoint and truncate the WAL of the database at `path` if it is larger than WAL_BYTES.

    SQLite checkpoints by itself, but cannot restart the WAL while readers overlap. This waits for them; they
    are short. Errors are ignored: the WAL works at any size.
    """
    with contextlib.suppress(OSError, sqlite3.Error):
        if os.stat(path + "-wal").st_size > WAL_BYTES:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def caller_error(why: sqlite3.Error) -> Exception:
    """Convert an error that may pass to MetadataUnavailable. Programming errors stay as they are."""
    if isinstance(why, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.NotSupportedError):
        return why
    return MetadataUnavailable(f"SQLite: {why}")


def is_busy(why: sqlite3.Error) -> bool:
    """Whether another connection holds a lock that the statement needs."""
    code = getattr(why, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
