"""Run transactions on SQLite: group commit on one writing connection, reads on another.

All writes requested in one turn of the event loop form a batch: BEGIN IMMEDIATE, one transaction after the
other, COMMIT. They are acknowledged after the COMMIT.

- Statements run on the event loop's thread. sqlite3 releases the GIL at each statement, and a worker thread
  would have to acquire it again every time.
- The COMMIT of several writes runs in the worker thread, since it waits for the disk: the loop receives
  further writes meanwhile. A lone write commits on the loop, because the hand-over would cost more.
- The whole batch runs in the worker thread if a transaction is long, or if another process holds the database
  without the write lock. Later batches wait.
- While another process has the write lock (`write_lock`) the worker thread waits for it, and the batch grows.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from metadata.engines.runner import Job, Spoiled, as_exception
from metadata.engines.sqlite.connection import (
    BUSY_MS,
    caller_error,
    connect,
    execute,
    is_busy,
    truncate_large_wal,
)
from metadata.engines.sqlite.wal_index import WalIndex
from metadata.engines.sqlite.write_lock import WriteLock
from metadata.errors import MetadataUnavailable
from metadata.queries.statements import LONG, OnCommit, T, Transaction, unseen
from metadata.records import Page

BATCH = 256
CACHED = 10_000  # records of about 1 KiB
INLINE_JOBS = 64
INLINE_COMMIT_S = 0.002
LONE_JOBS = 1
LOCKED = "the database is locked by another process"
WAL_CHECK_EVERY = 1000  # commits


class _Busy(Exception):
    """Another process holds the write lock or the database."""


class SqliteRunner:
    """All methods belong to one event loop. Made by `open`."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._writer, self._reader = connect(path), connect(path)
        self._reader.execute("PRAGMA query_only = ON")
        self._reader.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._reader.execute("SELECT 1 FROM sqlite_schema").fetchall()  # opens the WAL-index
        self._wal_index: WalIndex | None = WalIndex.acquire(path)
        self._cached: dict[tuple[Any, ...], Any] = {}
        self._cached_at, self._cached_weight = b"", 0
        self._busy_ms = -1
        self._write_lock = WriteLock(path)
        self._lock_timeout: asyncio.TimerHandle
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
        """Run a transaction that writes. The future is done after its commit. `key` is not used."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(MetadataUnavailable("the store is closed"))
            return future
        self._waiting.append(Job(key, make, arguments, future))
        self._schedule()
        return future

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a transaction that only reads, on the loop's thread: in WAL mode reads wait for no writer."""
        if self._closed:
            raise MetadataUnavailable("the store is closed")
        transaction, reply = make(*arguments), None
        try:
            while True:
                reply = execute(self._reader, transaction.send(reply))
        except StopIteration as done:
            result: T = done.value
            return result
        except sqlite3.Error as why:
            raise caller_error(why) from why

    async def read_cached(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a read, or return its earlier result if the database has not changed since.

        The result is shared: callers must not change it.
        """
        if self._wal_index is None:
            raise MetadataUnavailable("the store is closed")
        request = (make, *arguments)
        stamp = self._wal_index.stamp()
        if stamp != self._cached_at or self._cached_weight >= CACHED:
            self._cached.clear()
            self._cached_at, self._cached_weight = stamp, 0
        found: T | None = self._cached.get(request)
        if found is None:  # not `self.read`: tracing wraps both methods
            found = self._cached[request] = await SqliteRunner.read(self, make, *arguments)
            self._cached_weight += found.weight if isinstance(found, Page) else 1
        return found

    async def close(self) -> None:
        """Finish all requested writes, then close the connections and files."""
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
        batch = self._next_batch() if self._write_lock.acquire(wait=False) else []
        if not batch:
            self._release_or_await_write_lock()
            return
        if any(job.long for job in batch) or len(batch) > INLINE_JOBS:
            self._in_thread(self._run_waiting, batch)
            return
        here = len(batch) <= LONE_JOBS and self._commit_s < INLINE_COMMIT_S
        try:
            written = self._run(batch, inline=True, commit=here)
        except _Busy:
            self._in_thread(self._run_waiting, batch)
            return
        if here or not written:
            self._settle(batch)
        else:
            self._in_thread(self._commit, batch)

    def _release_or_await_write_lock(self) -> None:
        """Release the write lock if nothing waits to be written, else wait for it in the worker thread."""
        if self._write_lock.held or not self._waiting:
            self._write_lock.release()
            return
        self._hand_over(functools.partial(self._write_lock.acquire, wait=True), done=self._write_lock_taken)
        self._lock_timeout = self._loop.call_later(BUSY_MS / 1000, self._write_lock_timed_out)

    def _write_lock_taken(self, _: concurrent.futures.Future[Any]) -> None:
        self._lock_timeout.cancel()
        self._flush()

    def _write_lock_timed_out(self) -> None:
        """Fail the waiting writes. The worker thread keeps waiting: the holder may release it later."""
        self._lock_timeout = self._loop.call_later(BUSY_MS / 1000, self._write_lock_timed_out)
        while self._waiting:
            job = self._waiting.popleft()
            if not job.future.done():
                job.future.set_exception(MetadataUnavailable(LOCKED))

    def _next_batch(self) -> list[Job]:
        """Take the next jobs. A long job runs alone. Drops jobs whose caller was cancelled."""
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
        """Run `work` in the worker thread, then `done` on the loop.

        Not by `run_in_executor`: its future would delay the outcome by a turn of the loop.
        """
        self._running = running = self._loop.create_future()

        def back(ended: concurrent.futures.Future[Any]) -> None:
            self._running = None
            running.set_result(None)
            done(ended)

        # No closure over the batch: it would be a reference cycle, which only the collector frees.
        self._thread.submit(work, *given).add_done_callback(
            lambda ended: self._loop.call_soon_threadsafe(back, ended)
        )

    def _settle(self, batch: list[Job]) -> None:
        """Set the results of a batch. Jobs that turned out to be long have not run: queue them first."""
        for job in reversed(batch):
            if not job.ran:
                self._waiting.appendleft(job)
        for job in batch:
            if job.ran:
                job.resolve()
        if self._waiting:
            self._schedule()

    # --- on the loop's thread or in the worker thread, never in both at once -------------------------------

    def _run_waiting(self, batch: list[Job]) -> None:
        """Run a batch in the worker thread, waiting up to BUSY_MS for other processes."""
        try:
            self._run(batch, inline=False)
        except _Busy as why:
            for job in batch:
                job.fail(MetadataUnavailable(LOCKED), why.__cause__)

    def _run(self, batch: list[Job], *, inline: bool, commit: bool = True) -> bool:
        """Run a batch. Returns True if only the COMMIT is left, which `commit` False leaves to the caller."""
        try:
            self._begin(0 if inline else BUSY_MS)
            for job in batch:
                self._drive(job, inline=inline)
        except Spoiled as spoiled:
            self._roll_back()
            self._run_alone(batch, spoiled, inline=inline)
        except sqlite3.Error as why:
            self._roll_back()
            _fail(batch, caller_error(why), why)
        else:
            if not commit:
                return True
            self._commit(batch)
        return False

    def _run_alone(self, batch: list[Job], spoiled: Spoiled, *, inline: bool) -> None:
        """Run each job of a spoiled batch in a batch of its own. A batch of one fails."""
        if len(batch) > 1:
            for job in batch:
                job.ran, job.outcome, job.error = False, None, None
                self._run([job], inline=inline)
            return
        why = spoiled.__cause__
        _fail(batch, caller_error(why) if isinstance(why, sqlite3.Error) else as_exception(why), why)

    def _begin(self, busy_ms: int) -> None:
        if busy_ms != self._busy_ms:
            self._writer.execute(f"PRAGMA busy_timeout = {busy_ms}")
            self._busy_ms = busy_ms
        if not self._write_lock.acquire(wait=busy_ms > 0):
            raise _Busy
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as why:
            self._write_lock.release()
            if is_busy(why):
                raise _Busy from why
            raise

    def _drive(self, job: Job, *, inline: bool) -> None:
        """Run one transaction to its end. Raises Spoiled if it failed after a write."""
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
                reply = execute(self._writer, call)
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
            _fail(batch, caller_error(why), why)
        self._write_lock.release()
        took_s = time.perf_counter() - started
        self._commit_s += (took_s - self._commit_s) * 0.2
        self.on_commit(batch, took_s)
        self._commits += 1
        if self._commits % WAL_CHECK_EVERY == 0:
            truncate_large_wal(self._writer, self._path)

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
        self._write_lock.release()


def _fail(batch: list[Job], error: Exception, why: BaseException | None) -> None:
    """Fail all jobs of a batch with `error`, caused by `why`."""
    for job in batch:
        job.fail(error, why)
