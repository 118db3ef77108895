"""Migrate a database's tables to the current version, at every start. Several processes may start at once.

Alembic is imported only if a migration is needed: the import takes a good part of a second. The migrating
process takes a lock, checks the version again, and migrates in the same transaction. The lock is BEGIN
IMMEDIATE on SQLite and an advisory lock on PostgreSQL. Distributed databases that speak PostgreSQL's protocol
have no effective advisory locks: there it is the row of a table with one row.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from metadata.errors import DatabaseDown, MetadataUnavailable

HEAD = "0006"
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
ADVISORY_LOCK = "SELECT pg_advisory_xact_lock(6006766)"
ROW_LOCK = "SELECT id FROM migration_lock FOR UPDATE"
DISTRIBUTED = ("CockroachDB", "-YB-")
COMPARE_BYTES = ("CockroachDB",)
"""Databases that always compare text as bytes, and accept no COLLATE "C"."""
_SCRIPTS = Path(__file__).parent.parent / "migrations"
_LOCK_ATTEMPTS = 5
_WAL_ATTEMPTS, _WAL_PAUSE_S = 200, 0.02


def migrate(url: URL) -> None:
    """Migrate a database. Blocks. Raises MetadataUnavailable, also for a database of a later version of this
    program.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and _is_current(str(url.database)):
        return
    engine = create_engine(url, poolclass=NullPool) if is_sqlite else postgres_engine(url)
    if is_sqlite:
        event.listen(engine, "connect", _no_implicit_begin)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.connect() as connection:
            if version_of(connection) == HEAD:
                return
            lock = None if is_sqlite else _lock_of(connection)
            if not is_sqlite and _is_one_of(connection, COMPARE_BYTES):
                event.listen(engine, "before_cursor_execute", _without_collation, retval=True)
        if lock == ROW_LOCK:
            _make_lock(engine)
        with engine.begin() as connection:
            if lock is not None:
                connection.execute(text(lock))
            upgrade(connection)
    except OperationalError as why:
        if not is_sqlite:
            raise DatabaseDown("PostgreSQL does not answer") from why.orig
        raise MetadataUnavailable("the database's tables could not be brought up to date") from why.orig
    except DBAPIError as why:
        raise MetadataUnavailable("the database's tables could not be brought up to date") from why.orig
    finally:
        engine.dispose()


def _is_current(path: str) -> bool:
    """Whether the SQLite database at `path` needs no migration. Faster than SQLAlchemy's engine, which
    reports what is wrong with the file.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    except sqlite3.Error:
        return False


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate in the transaction that is open on `connection`."""
    if version_of(connection) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def version_of(connection: Connection) -> str | None:
    """Read the version of our tables, None without tables. Raises MetadataUnavailable for a later version."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version not in REVISIONS:
        raise MetadataUnavailable(f"the database is of a later version of this program (schema {version})")
    return version


def postgres_engine(url: URL, **arguments: Any) -> Engine:
    """Create an engine for PostgreSQL and compatible databases. `arguments` are psycopg's."""
    # A database with the encoding SQL_ASCII would return text as bytes.
    engine = create_engine(url, poolclass=NullPool, connect_args={"client_encoding": "utf8", **arguments})
    dialect: Any = engine.dialect
    dialect._get_server_version_info = partial(_version_info, dialect._get_server_version_info)
    return engine


def _version_info(known: Callable[[Connection], tuple[int, ...]], connection: Connection) -> tuple[int, ...]:
    """Read the server's version; 13 for CockroachDB, whose version SQLAlchemy cannot parse."""
    try:
        return known(connection)
    except AssertionError:
        return (13, 0)


def _lock_of(connection: Connection) -> str:
    """Return the statement that locks out other migrations until its transaction ends."""
    return ROW_LOCK if _is_one_of(connection, DISTRIBUTED) else ADVISORY_LOCK


def _is_one_of(connection: Connection, names: Sequence[str]) -> bool:
    version = str(connection.execute(text("SELECT version()")).scalar())
    return any(name in version for name in names)


def _without_collation(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    return statement.replace(' COLLATE "C"', ""), parameters


def _make_lock(engine: Any) -> None:
    """Create the table of the row lock. If two processes do so at once, one fails and tries again."""
    for attempt in range(_LOCK_ATTEMPTS):
        try:
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS migration_lock (id INTEGER PRIMARY KEY)"))
                connection.execute(text("INSERT INTO migration_lock (id) VALUES (1) ON CONFLICT DO NOTHING"))
                return
        except DBAPIError:
            if attempt == _LOCK_ATTEMPTS - 1:
                raise


def _no_implicit_begin(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    for attempt in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            # Changing the mode needs exclusive access, for which SQLite does not wait as it does for a lock.
            if attempt == _WAL_ATTEMPTS - 1:
                raise
            time.sleep(_WAL_PAUSE_S)
