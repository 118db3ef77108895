"""Two gateways at the same key, statement by statement: the orders in which PostgreSQL could once be brought
to break the rules of `metadata.transactions.versions`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import RawCursor
from psycopg.types.numeric import Int8BinaryDumper

from metadata import Metadata, open_metadata
from metadata.queries.statements import LONG, Call, Fetch, Retry, Statement, Transaction
from metadata.queries.versions import Versions
from metadata.records import NO_CONDITIONS
from metadata.transactions import objects
from tests.metadata.made import NOW_US, check_consistent, doomed, new_object
from tests.postgres import PostgresServer


class Hand:
    """A gateway's transaction, led by hand over a connection of its own."""

    def __init__(self, url: str, transaction: Transaction[Any]) -> None:
        self._connection = psycopg.connect(url, cursor_factory=RawCursor)
        self._connection.adapters.register_dumper(int, Int8BinaryDumper)
        self._transaction = transaction
        self._reply: Any = None
        self._threads = ThreadPoolExecutor(1)
        self.pid = self._connection.info.backend_pid

    def run(self, until: Statement | None = None) -> Hand:
        """To its end, or to behind the first call of this statement; nothing is committed."""
        while (call := self._next()) is not None:
            self._reply = self._received(call)
            if call.statement is until:
                break
        return self

    def run_aside(self) -> Future[Hand]:
        """`run` in a thread, as it may have to wait for another's lock."""
        return self._threads.submit(self.run)

    def commit(self) -> None:
        self._connection.commit()
        self._close()

    def give_up(self) -> None:
        self._connection.rollback()
        self._close()

    def _close(self) -> None:
        self._connection.close()
        self._threads.shutdown()

    def _next(self) -> Call | None:
        try:
            while (call := self._transaction.send(self._reply)) is LONG:
                self._reply = None
        except StopIteration:
            return None
        wanted: Call = call
        return wanted

    def _received(self, call: Call) -> Any:
        sql, pick = call.statement.postgresql
        cursor = self._connection.execute(sql.encode(), pick(call.parameters))
        if call.statement.fetch is Fetch.COUNT:
            return cursor.rowcount
        return cursor.fetchone() if call.statement.fetch is Fetch.ONE else cursor.fetchall()


def wait_for_lock(url: str, hand: Hand, ended: Future[Hand]) -> None:
    """Until it waits for another's lock, or has ended without."""
    with psycopg.connect(url, autocommit=True) as session:
        while not ended.done():
            blocked = session.execute("SELECT cardinality(pg_blocking_pids(%s))", [hand.pid]).fetchone()
            if blocked != (0,):
                return


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.create_database(f"test_{os.urandom(6).hex()}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Metadata]:
    opened = await open_metadata(url, instance="test")
    await opened.buckets.create(
        "photos", region="us-east-1", owner="alice", now_us=NOW_US, versioning="Enabled"
    )
    yield opened
    await opened.close()


def put(url: str) -> Hand:
    return Hand(url, objects.put_object(new_object("a"), NO_CONDITIONS, NOW_US))


def delete(url: str, version_id: str | None = None) -> Hand:
    wanted = doomed("a", version_id=version_id)
    return Hand(url, objects.delete_object("photos", wanted, os.urandom(16), "alice", None, NOW_US))


async def test_what_is_being_hidden_is_not_taken_for_gone(store: Metadata, url: str) -> None:
    """A marker is destroyed while the key gets a new version, and that one a marker of its own."""
    await store.objects.put(new_object("a"))
    marker = (await store.objects.delete("photos", "a")).version_id
    destroys = delete(url, marker).run(until=Versions.remove_as_locked)
    put(url).run().commit()
    hides = delete(url).run()
    ended = destroys.run_aside()
    wait_for_lock(url, destroys, ended)
    hides.commit()
    with pytest.raises(Retry):
        ended.result()
    destroys.give_up()
    check_consistent(url)
    assert (await store.objects.delete("photos", "a", version_id=marker)).found
    check_consistent(url)


async def test_a_marker_goes_while_it_comes_to_the_top(store: Metadata, url: str) -> None:
    """The current version is destroyed between the look at it and the end of the marker beneath it."""
    await store.objects.put(new_object("a"))
    marker = (await store.objects.delete("photos", "a")).version_id
    top = await store.objects.put(new_object("a"))
    destroys = delete(url, marker).run(until=Versions.content)
    delete(url, top).run().commit()
    with pytest.raises(Retry):
        destroys.run()
    destroys.give_up()
    check_consistent(url)
    assert (await store.objects.delete("photos", "a", version_id=marker)).found
    check_consistent(url)
    assert await store.objects.get("photos", "a")
