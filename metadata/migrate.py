"""Brings a database's tables up to date, at every start; several processes may start at once.

Alembic is imported only where there is something to do: it costs a good part of a second. The one who
migrates holds a lock that every database has (SQLite: BEGIN IMMEDIATE; else the row of a table of one row),
looks again, and migrates in that transaction.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from metadata.errors import DatabaseDown, MetadataUnavailable

HEAD = "0003"
REVISIONS = ("0001", "0002", "0003")
_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK_ATTEMPTS = 5
_WAL_ATTEMPTS, _WAL_PAUSE_S = 200, 0.02


def migrate(url: URL) -> None:
    """Blocks. Raises MetadataUnavailable, also for a database of a later version of this program."""
    engine = create_engine(url, poolclass=NullPool)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _no_implicit_begin)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.connect() as connection:
            if _version(connection) == HEAD:
                return
        if url.get_backend_name() != "sqlite":
            _make_lock(engine)
        with engine.begin() as connection:
            if connection.dialect.name != "sqlite":
                connection.execute(text("SELECT id FROM migration_lock FOR UPDATE"))
            upgrade(connection)
    except OperationalError as why:
        if url.get_backend_name() != "sqlite":
            raise DatabaseDown("PostgreSQL does not answer") from why.orig
        raise MetadataUnavailable("the database's tables could not be brought up to date") from why.orig
    except DBAPIError as why:
        raise MetadataUnavailable("the database's tables could not be brought up to date") from why.orig
    finally:
        engine.dispose()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate in the transaction that is open on `connection`."""
    if _version(connection) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version not in REVISIONS:
        raise MetadataUnavailable(f"the database is of a later version of this program (schema {version})")
    return version


def _make_lock(engine: Any) -> None:
    """CREATE TABLE IF NOT EXISTS of two processes at once fails in one of them: it looks again."""
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
            # Changing the mode wants the file alone, and SQLite does not wait for that as it does for a lock.
            if attempt == _WAL_ATTEMPTS - 1:
                raise
            time.sleep(_WAL_PAUSE_S)
