"""How far PostgreSQL's copies are behind, as a primary and as a standby tell it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from metadata import Metadata, open_metadata
from metadata.engines.postgres.runner import PostgresRunner
from metadata.records import Replication
from tests.metadata.made import NOW_US
from tests.postgres import PostgresServer

WITHIN_S = 20.0


@pytest.fixture
def standby(postgres: PostgresServer) -> Iterator[PostgresServer]:
    with postgres.standby() as server:
        yield server


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Metadata]:
    metadata = await open_metadata(url, instance="test")
    yield metadata
    await metadata.close()


async def until(metadata: Metadata, **wanted: object) -> Replication:
    """A standby tells of its progress in its own time."""
    deadline_s = time.monotonic() + WITHIN_S
    while True:
        found = await metadata.replication()
        assert found is not None
        if all(getattr(found, name) == value for name, value in wanted.items()):
            return found
        assert time.monotonic() < deadline_s, found
        await asyncio.sleep(0.02)


async def test_there_is_none_on_sqlite(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/metadata.sqlite") as metadata:
        assert await metadata.replication() is None


async def test_a_primary_tells_how_far_its_standby_is_behind(
    postgres: PostgresServer, standby: PostgresServer
) -> None:
    async with opened(postgres.create_database("replicated")) as metadata:
        await until(metadata, standby=False, standbys=1, lag_bytes=0)
        with psycopg.connect(standby.url, autocommit=True) as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
        await metadata.buckets.create("photos", region="us-east-1", owner="alice", now_us=NOW_US)
        found = await metadata.replication()
        assert found is not None
        assert (found.lag_bytes or 0) > 0
        copy = Metadata(await PostgresRunner.open(make_url(standby.url_of("replicated")), instance="test"))
        told = await until(copy, standby=True)
        assert told.standbys == 0
        assert (told.lag_s or 0) > 0
        await copy.close()
