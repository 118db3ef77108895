from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from metadata import migrate, open_metadata
from metadata.errors import MetadataUnavailable
from metadata.tables import Base
from tests.metadata.made import query


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
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
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
