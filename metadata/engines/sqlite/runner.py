"""Run transactions on SQLite: group commit on one writing connection, reads on another.

All writes asked for in one turn of the event loop form a batch: BEGIN IMMEDIATE, each transaction after the
other, COMMIT, and only then are they acknowledged. The statements run on the loop's own thread: sqlite3 gives
the GIL up at each of them, and a worker would have to win it back every time. The COMMIT, which waits for the
disk, goes to the one worker thread where several writes wait for it, so that the loop can receive others
meanwhile; a lone write commits where it is, for a hand-over would only cost it time. Where a transaction is
long, or a process holds the database without the write lock, the whole batch runs in the worker, and later
ones wait. While another process has the write lock (`write_lock`) the worker waits, and the batch grows.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from metadata.engines.runner import Job, Spoiled, as_exception
from metadata.engines.sqlite.wal_index import WalIndex
from metadata.engines.sqlite.write_lock import WriteLock
from metadata.errors import MetadataUnavailable
from metadata.queries.statements import LONG, Call, Fetch, OnCommit, T, Transaction, unseen
from metadata.records import Page

BATCH = 256
CACHED = 10_000  # records of about 1 KiB
INLINE_JOBS = 64
INLINE_COMMIT_S = 0.002
LONE_JOBS = 1
BUSY_MS = 15_000
LOCKED = "the database is locked by another process"
ATTEMPTS = 3
WAL_BYTES = 64 << 20
CHECKPOINT_PAGES = 8000  # 32 MiB: hot pages are written to the database once for many commits
WAL_LOOK_EVERY = 1000


class _Busy(Exception):
    """Another process is writing."""


class SqliteRunner:
    """All methods belong to one event loop. Made by `open`."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._writer, self._reader = _connect(path), _connect(path)
        self._reader.execute("PRAGMA query_only = ON")
        self._reader.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._reader.execute("SELECT 1 FROM sqlite_schema").fetchall()  # opens the WAL-index
        self._wal_index: WalIndex | None = WalIndex.acquire(path)
        self._cached: dict[tuple[Any, ...], Any] = {}
        self._cached_at, self._cached_weight = b"", 0
        self._busy_ms = -1
        self._write_lock = WriteLock(path)
        self._patience: asyncio.TimerHandle
        self._waiting: deque[Job] = deque()
        self._scheduled = self._closed = False
        self._running: asyncio.Future[Any] | None = None
        self._commit_s = 0.0
        self._commits = 0
        self.on_commit: OnCommit = unseen
        self.can_stage = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="metadata")

    @classmethod
    async def open(cls, path: str) -> SqliteRunner:
        try:
            return cls(path)
        except (sqlite3.Error, OSError, ValueError) as why:
            raise MetadataUnavailable("the database cannot be opened") from why

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> asyncio.Future[T]:
        """Run a transaction that writes; the future is done after its commit. `key` is for other engines."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(MetadataUnavailable("the store is closed"))
            return future
        self._waiting.append(Job(key, make, arguments, future))
        self._schedule()
        return future

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a transaction that only reads, on the loop's thread: reads wait for nobody (WAL)."""
        if self._closed:
            raise MetadataUnavailable("the store is closed")
        transaction, reply = make(*arguments), None
        try:
            while True:
                reply = _execute(self._reader, transaction.send(reply))
        except StopIteration as done:
            result: T = done.value
            return result
        except sqlite3.Error as why:
            raise _translated(why) from why

    async def read_cached(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """As `read`; from memory where it was asked for before and the database has not changed since.

        What it gives is shared, and not to be changed.
        """
        if self._wal_index is None:
            raise MetadataUnavailable("the store is closed")
        question = (make, *arguments)
        stamp = self._wal_index.stamp()
        if stamp != self._cached_at or self._cached_weight >= CACHED:
            self._cached.clear()
            self._cached_at, self._cached_weight = stamp, 0
        found: T | None = self._cached.get(question)
        if found is None:  # not by `self.read`, which tracing wraps as it wraps this
            found = self._cached[question] = await SqliteRunner.read(self, make, *arguments)
            self._cached_weight += found.weight if isinstance(found, Page) else 1
        return found

    async def close(self) -> None:
        """Finish what was asked for, then let go of the files."""
        self._closed = True
        while self._waiting or self._running:
            if self._running:
                await asyncio.shield(self._running)
            else:
                self._flush()
        self._thread.shutdown()
        self._write_lock.close()
        self._reader.close()
        self._writer.close()
        index, self._wal_index = self._wal_index, None
        if index is not None:
            index.release()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    # --- batches ------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._scheduled and self._running is None:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._running is not None:
            return
        batch = self._next_batch() if self._write_lock.take(wait=False) else []
        if not batch:
            self._give_or_await_write_lock()
            return
        if any(job.long for job in batch) or len(batch) > INLINE_JOBS:
            self._in_thread(self._run_patiently, batch)
            return
        here = len(batch) <= LONE_JOBS and self._commit_s < INLINE_COMMIT_S
        try:
            written = self._run(batch, inline=True, commit=here)
        except _Busy:
            self._in_thread(self._run_patiently, batch)
            return
        if here or not written:
            self._settle(batch)
        else:
            self._in_thread(self._commit, batch)

    def _give_or_await_write_lock(self) -> None:
        """There is nothing to write, or another process is writing."""
        if self._write_lock.held or not self._waiting:
            self._write_lock.give()
            return
        self._hand_over(functools.partial(self._write_lock.take, wait=True), done=self._write_lock_taken)
        self._patience = self._loop.call_later(BUSY_MS / 1000, self._write_lock_is_late)

    def _write_lock_taken(self, _: concurrent.futures.Future[Any]) -> None:
        self._patience.cancel()
        self._flush()

    def _write_lock_is_late(self) -> None:
        """The thread goes on waiting: whoever is stopped in its turn may be let go on."""
        self._patience = self._loop.call_later(BUSY_MS / 1000, self._write_lock_is_late)
        while self._waiting:
            job = self._waiting.popleft()
            if not job.future.done():
                job.future.set_exception(MetadataUnavailable(LOCKED))

    def _next_batch(self) -> list[Job]:
        """Take the next jobs; a long one goes alone. Jobs whose caller was cancelled are dropped."""
        batch: list[Job] = []
        waiting = self._waiting
        while waiting and len(batch) < BATCH:
            if batch and (waiting[0].long or batch[0].long):
                break
            job = waiting.popleft()
            if not job.future.done():
                batch.append(job)
        return batch

    def _in_thread(self, work: Callable[[list[Job]], None], batch: list[Job]) -> None:
        self._hand_over(work, batch, done=functools.partial(self._thread_done, batch))

    def _thread_done(self, batch: list[Job], ended: concurrent.futures.Future[Any]) -> None:
        if error := ended.exception():
            for job in batch:
                job.ran, job.error = True, job.error or as_exception(error)
        self._settle(batch)

    def _hand_over(self, work: Callable[..., Any], *given: Any, done: Callable[[Any], None]) -> None:
        """Have the worker do it. Not by `run_in_executor`: its future would cost the outcome another turn of
        the loop."""
        self._running = running = self._loop.create_future()

        def back(ended: concurrent.futures.Future[Any]) -> None:
            self._running = None
            running.set_result(None)
            done(ended)

        # No closure over what is handed out: the collector would have to find each such cycle.
        self._thread.submit(work, *given).add_done_callback(
            lambda ended: self._loop.call_soon_threadsafe(back, ended)
        )

    def _settle(self, batch: list[Job]) -> None:
        """Tell the outcomes; what has not run (it turned out long) waits for the thread, before others."""
        for job in reversed(batch):
            if not job.ran:
                self._waiting.appendleft(job)
        for job in batch:
            if job.ran and not job.future.done():
                if job.error is not None:
                    job.future.set_exception(job.error)
                else:
                    job.future.set_result(job.outcome)
        if self._waiting:
            self._schedule()

    # --- in the loop's thread or in the worker: never in both at once -------------------------------

    def _run_patiently(self, batch: list[Job]) -> None:
        try:
            self._run(batch, inline=False)
        except _Busy as why:
            for job in batch:
                job.ran, job.error = True, MetadataUnavailable(LOCKED)
                job.error.__cause__ = why.__cause__

    def _run(self, batch: list[Job], *, inline: bool, commit: bool = True) -> bool:
        """Run a batch; True where all that is left to do is the COMMIT that `commit` did not want."""
        try:
            self._begin(0 if inline else BUSY_MS)
            for job in batch:
                self._drive(job, inline=inline)
        except Spoiled as spoiled:
            self._roll_back()
            self._run_alone(batch, spoiled, inline=inline)
        except sqlite3.Error as why:
            self._roll_back()
            _fail(batch, _translated(why), why)
        else:
            if not commit:
                return True
            self._commit(batch)
        return False

    def _run_alone(self, batch: list[Job], spoiled: Spoiled, *, inline: bool) -> None:
        if len(batch) > 1:
            for job in batch:
                job.ran, job.outcome, job.error = False, None, None
                self._run([job], inline=inline)
            return
        why = spoiled.__cause__
        _fail(batch, _translated(why) if isinstance(why, sqlite3.Error) else as_exception(why), why)

    def _begin(self, busy_ms: int) -> None:
        if busy_ms != self._busy_ms:
            self._writer.execute(f"PRAGMA busy_timeout = {busy_ms}")
            self._busy_ms = busy_ms
        if not self._write_lock.take(wait=busy_ms > 0):
            raise _Busy
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as why:
            self._write_lock.give()
            if _is_busy(why):
                raise _Busy from why
            raise

    def _drive(self, job: Job, *, inline: bool) -> None:
        """Run one transaction to its end. Spoiled where it failed with something written."""
        transaction, reply, wrote = job.make(*job.arguments), None, False
        long = job.long or not inline
        try:
            while True:
                call = transaction.send(reply)
                if call is LONG:
                    if not long:
                        job.long = True
                        transaction.close()
                        return
                    reply = None
                    continue
                wrote = wrote or call.statement.writes
                reply = _execute(self._writer, call)
        except StopIteration as done:
            job.ran, job.outcome = True, done.value
        except Exception as why:
            if wrote or isinstance(why, sqlite3.Error):
                raise Spoiled from why
            job.ran, job.error = True, why

    def _commit(self, batch: list[Job]) -> None:
        started = time.perf_counter()
        try:
            self._writer.execute("COMMIT")
        except sqlite3.Error as why:
            self._roll_back()
            _fail(batch, _translated(why), why)
        self._write_lock.give()
        took_s = time.perf_counter() - started
        self._commit_s += (took_s - self._commit_s) * 0.2
        self.on_commit(batch, took_s)
        self._commits += 1
        if self._commits % WAL_LOOK_EVERY == 0:
            self._look_at_wal()

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
        self._write_lock.give()

    def _look_at_wal(self) -> None:
        """SQLite checkpoints by itself, but cannot begin the log anew while readers overlap: where it has
        grown, wait for them (they are short) and truncate it.
        """
        with contextlib.suppress(OSError, sqlite3.Error):
            if os.stat(self._path + "-wal").st_size > WAL_BYTES:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in (
        "busy_timeout = 15000",
        "journal_mode = WAL",
        "synchronous = FULL",
        "cache_size = -65536",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"journal_size_limit = {WAL_BYTES}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _execute(connection: sqlite3.Connection, call: Call) -> Any:
    statement, parameters, many = call
    sql, pick = statement.sqlite
    fetch = statement.fetch
    if many:
        if fetch is Fetch.COUNT:
            connection.executemany(sql, map(pick, parameters))
            return None
        execute = connection.execute
        return [next(iter(execute(sql, pick(given)).fetchall()), None) for given in parameters]
    cursor = connection.execute(sql, pick(parameters))
    if fetch is Fetch.COUNT:
        return cursor.rowcount
    if fetch is Fetch.ALL:
        return cursor.fetchall()
    # To the end: a RETURNING that is not read out keeps its statement open.
    row = cursor.fetchone()
    if statement.writes:
        cursor.fetchall()
    return row


def _fail(batch: list[Job], error: Exception, why: BaseException | None) -> None:
    for job in batch:
        job.ran, job.outcome, job.error = True, None, error
    if error is not why:
        error.__cause__ = why


def _translated(why: sqlite3.Error) -> Exception:
    """What may pass becomes MetadataUnavailable; a mistake of ours stays what it is."""
    if isinstance(why, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.NotSupportedError):
        return why
    return MetadataUnavailable(f"SQLite: {why}")


def _is_busy(why: sqlite3.Error) -> bool:
    code = getattr(why, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
