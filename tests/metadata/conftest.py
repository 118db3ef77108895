"""One suite, two engines: a test that takes `store` or `url` runs over SQLite and a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from metadata import Metadata, open_metadata
from tests.metadata.made import NOW_US, check_consistent
from tests.metadata.strict import StrictRunner
from tests.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/metadata.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database(f"test_{os.urandom(6).hex()}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Metadata]:
    """A store with a bucket "photos". The tables' invariants are checked after each test, and on SQLite the
    rules of transactions during it.
    """
    opened = await open_metadata(url, instance="test")
    strict = StrictRunner(opened.runner)
    if url.startswith("sqlite"):
        opened = Metadata(strict)
    await opened.buckets.create("photos", region="us-east-1", owner="alice", now_us=NOW_US)
    yield opened
    await opened.close()
    check_consistent(url)
    assert not strict.broken
