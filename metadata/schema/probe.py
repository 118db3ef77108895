"""Parse a database URL, and read the state of a database without changing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from metadata.errors import DatabaseDown, first_line
from metadata.schema.migrate import HEAD, postgres_engine, version_of

TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Look:
    """State of a database. `server`: name and version. `tables`: "" if ours are missing, "old" if the next
    start migrates them, else "current". `nodes`: addresses of the registered nodes.
    """

    server: str
    tables: str
    nodes: tuple[str, ...] = ()


def parse_url(url: str) -> URL:
    """Parse `sqlite:///path` or `postgresql://user:password@host/database`. Raises ValueError for others."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("not a database URL: expected sqlite:///path or postgresql://...") from None
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    if not is_file and parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(
            f"unsupported database {parsed.get_backend_name()!r}; use sqlite:///path or postgresql://..."
        )
    return parsed


def look(url: str) -> Look:
    """Read the state of a database. Blocks. Raises ValueError, DatabaseDown, and MetadataUnavailable for a
    database of a later version of this program.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        if not path.exists():
            return Look("SQLite", "")
        read_only = {"mode": "ro", "uri": "true"}
        parsed = parsed.set(drivername="sqlite", database=f"file:{path.absolute()}", query=read_only)
        engine = create_engine(parsed, poolclass=NullPool)
    else:
        engine = postgres_engine(parsed.set(drivername="postgresql+psycopg"), connect_timeout=TIMEOUT_S)
    try:
        with engine.connect() as connection:
            return _look(connection)
    except DBAPIError as why:
        raise DatabaseDown(f"the database does not answer: {first_line(why.orig)}") from None
    finally:
        engine.dispose()


def _look(connection: Connection) -> Look:
    sqlite = connection.dialect.name == "sqlite"
    found = connection.execute(text("SELECT sqlite_version()" if sqlite else "SHOW server_version")).scalar()
    server = f"{'SQLite' if sqlite else 'PostgreSQL'} {found}"
    version = version_of(connection)
    nodes: tuple[str, ...] = ()
    if inspect(connection).has_table("node"):
        nodes = tuple(connection.execute(text("SELECT address FROM node ORDER BY id")).scalars())
    return Look(server, "" if version is None else "current" if version == HEAD else "old", nodes)
