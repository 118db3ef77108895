"""What each engine's runner does when its database is slow, locked, full, or gone."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path
from types import NoneType

import psycopg
import pytest

from metadata import Metadata, open_metadata
from metadata.engines.sqlite import connection, runner
from metadata.errors import MetadataUnavailable, NoSuchBucket, PreconditionFailed
from metadata.queries.statements import Call
from metadata.records import Bucket, Conditions
from metadata.transactions import objects
from tests.garbage import collected_after
from tests.metadata.made import NOW_US, check_consistent, content, new_object, query
from tests.postgres import PostgresServer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata.sqlite"


async def opened(path: Path) -> Metadata:
    store = await open_metadata(f"sqlite:///{path}", instance="test")
    await store.buckets.create("photos", region="r", owner="alice", now_us=NOW_US)
    return store


async def test_only_the_owner_can_read_the_files(path: Path) -> None:
    """The secret keys of users are in them."""
    store = await opened(path)
    files = list(path.parent.glob("metadata.sqlite*"))
    assert len(files) == 4  # with its log, the log's index, and whose turn it is
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 4
    await store.close()


def watch(store: Metadata) -> list[tuple[str, bool]]:
    """Record each write statement from now on: its first word, and whether it ran on the loop's thread."""
    told: list[tuple[str, bool]] = []

    def note(sql: str) -> None:
        told.append((sql.split()[0], threading.current_thread() is threading.main_thread()))

    runner_of(store)._writer.set_trace_callback(note)
    return told


def runner_of(store: Metadata) -> runner.SqliteRunner:
    found = store.runner
    assert isinstance(found, runner.SqliteRunner)
    return found


async def test_commits_in_the_thread_leave_nothing_to_the_collector(path: Path) -> None:
    store = await opened(path)

    async def rounds(name: str) -> None:
        for at in range(50):
            await asyncio.gather(*(store.objects.put(new_object(f"{name}{at}/{n}")) for n in range(3)))

    await rounds("first")
    assert await collected_after(rounds("second")) < 50
    await store.close()


async def test_writes_of_one_turn_are_one_commit_that_the_loop_does_not_wait_for(path: Path) -> None:
    store = await opened(path)
    told = watch(store)
    await asyncio.gather(*(store.objects.put(new_object(f"{at}")) for at in range(16)))
    assert [word for word, _ in told].count("COMMIT") == 1
    assert {here for word, here in told if word in ("SELECT", "INSERT")} == {True}
    assert ("COMMIT", False) in told
    await store.close()


async def test_a_lone_write_commits_on_the_loop_while_the_disk_is_quick(path: Path) -> None:
    store = await opened(path)
    told = watch(store)
    runner_of(store)._commit_s = 0.0
    await store.objects.put(new_object("a"))
    assert told[-1] == ("COMMIT", True)
    runner_of(store)._commit_s = 1.0
    await store.objects.put(new_object("b"))
    assert told[-1] == ("COMMIT", False)
    await store.close()


async def test_a_long_transaction_runs_in_the_worker(path: Path) -> None:
    store = await opened(path)
    await store.objects.put(new_object("spread", content(1, 2)))
    told = watch(store)
    await asyncio.gather(store.objects.put(new_object("b")), store.objects.delete("photos", "spread"))
    assert ("INSERT", True) in told
    assert {here for word, here in told if word == "DELETE"} == {False}
    await store.close()
    check_consistent(f"sqlite:///{path}")


@pytest.mark.parametrize("announced", [False, True])
async def test_few_statements_for_an_object(path: Path, announced: bool) -> None:
    """A new object is not searched for first, unless its intent has to be looked up anyway."""
    store = await opened(path)
    told = watch(store)
    await store.objects.put(new_object("a", content(9, announced=announced)))
    look = ["SELECT"] if announced else []
    assert [word for word, _ in told if word != "PRAGMA"] == ["BEGIN", *look, "INSERT", "INSERT", "COMMIT"]
    told.clear()
    await store.objects.put(new_object("a", content(9, announced=announced)))
    tried = [] if announced else ["INSERT"]
    replaced = ["SELECT", "UPDATE", "INSERT", "DELETE", "INSERT"]
    assert [word for word, _ in told] == ["BEGIN", *tried, *replaced, "COMMIT"]
    await store.close()


async def test_another_process_that_writes_is_waited_for_without_holding_the_loop(path: Path) -> None:
    store = await opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.objects.put(new_object("a")))
    for _ in range(20):
        await store.objects.list("photos")
        await asyncio.sleep(0)
    assert not waiting.done()
    other.execute("COMMIT")
    await waiting
    other.close()
    await store.close()


async def test_a_database_locked_for_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await opened(path)
    monkeypatch.setattr(runner, "BUSY_MS", 10)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(MetadataUnavailable) as told:
        await store.objects.put(new_object("a"))
    assert isinstance(told.value.__cause__, sqlite3.OperationalError)
    other.execute("ROLLBACK")
    other.close()
    await store.objects.put(new_object("a"))
    await store.close()


async def test_a_full_disk_refuses_and_leaves_the_rest(path: Path) -> None:
    store = await opened(path)
    runner = runner_of(store)
    pages = runner._writer.execute("PRAGMA page_count").fetchone()[0]
    runner._writer.execute(f"PRAGMA max_page_count = {pages + 4}")
    results = await asyncio.gather(
        *(store.objects.put(new_object(f"{at}", owner="x" * 3000)) for at in range(30)),
        return_exceptions=True,
    )
    failed = [each for each in results if each is not None]
    assert failed
    assert all(
        isinstance(each, MetadataUnavailable) and isinstance(each.__cause__, sqlite3.Error) for each in failed
    )
    stored = {o.key for o in (await store.objects.list("photos")).objects}
    assert stored == {f"{at}" for at, each in enumerate(results) if each is None}
    runner._writer.execute("PRAGMA max_page_count = 1000000")
    await store.objects.put(new_object("after"))
    await store.close()
    check_consistent(f"sqlite:///{path}")


async def test_a_large_wal_is_truncated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WAL_BYTES", 50_000)
    monkeypatch.setattr(runner, "WAL_CHECK_EVERY", 10)
    store = await opened(path)
    log = path.with_name(path.name + "-wal")
    largest = 0
    for at in range(100):
        await store.objects.put(new_object(f"{at}"))
        largest = max(largest, log.stat().st_size)
    assert largest < 50_000 * 6
    await store.close()


async def test_close_finishes_requested_writes(path: Path) -> None:
    store = await opened(path)
    writes = [asyncio.ensure_future(store.objects.put(new_object(f"{at}"))) for at in range(200)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    assert query(f"sqlite:///{path}", "SELECT count(*) FROM object") == [(200,)]


async def test_a_server_that_crashes_and_comes_back(postgres: PostgresServer) -> None:
    url = postgres.create_database("crashing")
    store = await open_metadata(url, instance="test")
    await store.buckets.create("photos", region="r", owner="alice", now_us=NOW_US)
    await asyncio.gather(*(store.objects.put(new_object(f"a{at}")) for at in range(30)))
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(postgres.start)
    await store.objects.get("photos", "a0")
    await asyncio.gather(*(store.objects.put(new_object(f"b{at}")) for at in range(30)))
    await store.close()
    check_consistent(url)


async def test_text_with_nul_does_not_fail_other_statements(postgres: PostgresServer) -> None:
    """The statements of one turn of the loop are sent together."""
    store = await open_metadata(postgres.create_database("odd_text"), instance="test")
    await store.buckets.create("photos", region="r", owner="alice", now_us=1)
    for odd in ("\0", "a\0b", "\udc80"):
        told = await asyncio.gather(
            store.buckets.get("photos"),
            store.buckets.get(odd),
            store.buckets.get("nowhere"),
            store.objects.put(new_object("a")),
            store.objects.put(replace(new_object("b"), owner=odd)),
            store.objects.put(new_object("c")),
            return_exceptions=True,
        )
        kinds = [type(each) for each in told]
        assert kinds == [Bucket, psycopg.DataError, NoSuchBucket, NoneType, psycopg.DataError, NoneType]
        assert (await store.buckets.get("photos")).owner == "alice"
    assert [found.key for found in (await store.objects.list("photos")).objects] == ["a", "c"]
    await store.close()


async def test_an_unknown_commit_of_a_put_is_tried_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost after the commit: the repeated write finds its own row."""
    from metadata.engines.postgres import runner as runner

    url = postgres.create_database("unknown")
    store = await open_metadata(url, instance="test")
    await store.buckets.create("photos", region="r", owner="alice", now_us=NOW_US)
    in_step = runner._in_step
    lost: list[object] = []

    async def losing(link: runner.Link, batch: list[runner.Job]) -> None:
        await in_step(link, batch)
        if not lost:
            lost.append(batch)
            raise runner._CommitUnknown

    monkeypatch.setattr(runner, "_in_step", losing)
    await store.objects.put(new_object("a"), Conditions(if_none_match="*"))
    lost.clear()
    with pytest.raises(MetadataUnavailable):
        await store.objects.delete("photos", "a")
    lost.clear()
    made = [store.objects.put(new_object(f"b{at}"), Conditions(if_none_match="*")) for at in range(5)]
    assert await asyncio.gather(*made) == [None] * 5
    with pytest.raises(PreconditionFailed):
        await store.objects.put(new_object("b0"), Conditions(if_none_match="*"))
    await store.close()
    check_consistent(url)


def test_nothing_of_a_transaction_runs_before_it_is_asked_for() -> None:
    transaction = objects.put_object(new_object("a"), Conditions(), 1)
    assert isinstance(next(transaction), Call)
    transaction.close()
