from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import make_url

from metadata import open_metadata
from metadata.errors import MetadataUnavailable
from metadata.records import Content
from metadata.schema import migrate
from metadata.schema.probe import look
from metadata.schema.tables import Base
from tests.metadata.made import new_object, query
from tests.postgres import PostgresServer


def engine_url(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def test_migrations_make_the_models_tables(url: str) -> None:
    migrate.migrate(make_url(engine_url(url)))
    migrate.migrate(make_url(engine_url(url)))
    engine = create_engine(engine_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": _ours, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def _ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name != "migration_lock"


def test_the_head_is_known_without_alembic() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent.parent / "migrations"))
    assert scripts.get_current_head() == migrate.HEAD == migrate.REVISIONS[-1]
    assert {script.revision for script in scripts.walk_revisions()} == set(migrate.REVISIONS)


async def test_a_database_of_a_later_version_is_left_alone(url: str) -> None:
    store = await open_metadata(url, instance="x")
    await store.close()
    query(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MetadataUnavailable, match="later version"):
        await open_metadata(url, instance="x")


async def test_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 50)
    with pytest.raises(MetadataUnavailable) as told:
        await open_metadata(f"sqlite:///{path}", instance="x")
    assert isinstance(told.value.__cause__, sqlite3.DatabaseError)


@pytest.mark.parametrize(
    ("version", "lock"),
    [
        ("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu", migrate.ADVISORY_LOCK),
        ("CockroachDB CCL v24.3.1 (x86_64-pc-linux-gnu, built 2024/12/16)", migrate.ROW_LOCK),
        ("PostgreSQL 11.2-YB-2.20.1.3-b0 on x86_64-pc-linux-gnu", migrate.ROW_LOCK),
    ],
)
def test_the_lock_goes_by_what_the_database_is(version: str, lock: str) -> None:
    connection = Mock()
    connection.execute.return_value.scalar.return_value = version
    assert migrate._lock_of(connection) == lock


@pytest.mark.parametrize("without", [(), ("PostgreSQL",)], ids=["advisory lock", "row lock"])
def test_of_many_who_start_at_once_one_migrates(
    postgres: PostgresServer, without: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "DISTRIBUTED", without)
    migrated = []
    upgrade = migrate.upgrade

    def counted(connection: Connection) -> None:
        if migrate.version_of(connection) is None:
            migrated.append(1)
        upgrade(connection)

    monkeypatch.setattr(migrate, "upgrade", counted)
    url = make_url(postgres.create_database(f"rush_{bool(without)}")).set(drivername="postgresql+psycopg")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: migrate.migrate(url), range(8)))
    assert migrated == [1]


async def test_a_database_without_an_encoding(postgres: PostgresServer) -> None:
    """SQL_ASCII is what initdb makes where no locale is set."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    store = await open_metadata(postgres.url_of("ascii"), instance="test")
    await store.buckets.create("photos", region="us-east-1", owner="alice", now_us=1)
    await store.objects.put(new_object("\u00fcml\u00e4ut/\U0001f600", Content(0, ())))
    found = await store.objects.get("photos", "\u00fcml\u00e4ut/\U0001f600")
    assert found.key == "\u00fcml\u00e4ut/\U0001f600"
    await store.close()


async def test_a_relative_that_has_no_such_collation(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CockroachDB, whose version reads otherwise, whose columns take no COLLATE "C", and which orders by
    bytes.
    """
    monkeypatch.setattr(migrate, "DISTRIBUTED", ("PostgreSQL",))
    monkeypatch.setattr(migrate, "COMPARE_BYTES", ("PostgreSQL",))
    monkeypatch.setattr(PGDialect, "_get_server_version_info", Mock(side_effect=AssertionError))
    url = postgres.create_database("relative")
    store = await open_metadata(url, instance="test")
    await store.buckets.create("photos", region="us-east-1", owner="alice", now_us=1)
    for key in ("b", "B", "\u00e4", "a"):
        await store.objects.put(new_object(key, Content(0, ())))
    page = await store.objects.list(
        "photos", prefix="", delimiter=None, after=None, after_is_prefix=False, limit=10
    )
    await store.close()
    assert [found.key for found in page.objects] == ["B", "a", "b", "\u00e4"]
    assert look(url).tables == "current"
    with psycopg.connect(url) as connection:
        collated = "SELECT count(*) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_collation l"
        found = connection.execute(
            f"{collated} ON l.oid = attcollation WHERE l.collname = 'C' AND relname = 'object'"
        )
        assert found.fetchone() == (0,)
