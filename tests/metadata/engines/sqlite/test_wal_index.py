"""Reads are cached until the database changes, by whichever process."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from metadata import Metadata, open_metadata
from metadata.engines.sqlite.wal_index import WalIndex
from metadata.errors import MetadataUnavailable, NoSuchBucket
from tests.metadata.made import content, new_object


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the statements that SQLite executes."""
    asked: list[str] = []
    from metadata.engines.sqlite import runner

    execute = runner.execute

    def counted(connection: sqlite3.Connection, call: object) -> object:
        asked.append(repr(call.statement))  # type: ignore[attr-defined]
        return execute(connection, call)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "execute", counted)
    return asked


async def opened(path: Path) -> Metadata:
    store = await open_metadata(f"sqlite:///{path}", instance="test")
    await store.buckets.create("photos", region="r", owner="o", now_us=1)
    await store.objects.put(new_object("k", content(10)))
    return store


async def test_what_was_read_is_not_read_again(tmp_path: Path, statements: list[str]) -> None:
    store = await opened(tmp_path / "db")
    first = await store.objects.get("photos", "k")
    statements.clear()
    assert await store.objects.get("photos", "k") is first
    assert statements == []
    await store.close()


async def test_our_own_write_is_seen_at_once(tmp_path: Path) -> None:
    store = await opened(tmp_path / "db")
    for number in range(20):
        before = await store.objects.get("photos", "k")
        await store.objects.put(new_object("k", content(10), etag=f"{number:032x}"))
        assert (await store.objects.get("photos", "k")).etag == f"{number:032x}" != before.etag
    await store.close()


async def test_a_write_through_another_connection_is_seen_at_once(tmp_path: Path) -> None:
    store = await opened(tmp_path / "db")
    other = sqlite3.connect(tmp_path / "db", isolation_level=None)
    for number in range(20):
        await store.objects.get("photos", "k")
        other.execute("UPDATE object SET etag = ?", (str(number),))
        assert (await store.objects.get("photos", "k")).etag == str(number)
        if number % 7 == 3:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await store.buckets.get("photos")
    other.execute("DELETE FROM object")
    other.execute("DELETE FROM bucket")
    with pytest.raises(NoSuchBucket):
        await store.buckets.get("photos")
    other.close()
    await store.close()


async def test_two_stores_of_one_process_share_the_mapping_until_both_are_closed(tmp_path: Path) -> None:
    first = await opened(tmp_path / "db")
    second = await open_metadata(f"sqlite:///{tmp_path / 'db'}", instance="second")
    assert len(WalIndex.shared) == 1
    await first.close()
    assert (await second.objects.get("photos", "k")).key == "k"
    await second.close()
    assert not WalIndex.shared
    with pytest.raises(MetadataUnavailable):
        await second.objects.get("photos", "k")
