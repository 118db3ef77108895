"""Runs transactions on PostgreSQL: batches over a pool of connections, in pipeline mode.

Writes that were asked for while all writing connections are busy go together in the next transaction. The
transactions of a batch run in step: the next statement of each leaves in one write, so a batch costs the
round trips of one. Two writes of the same key are never under way at once in one process. Between processes
the statements watch themselves (see `metadata.queries`): what another gateway has changed in between is
looked at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor, errors
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from sqlalchemy.engine import URL

from metadata.errors import DatabaseDown, MetadataUnavailable
from metadata.statements import HEAVY, Again, Call, Fetch, OnCommit, T, Transaction, unseen
from metadata.transactions import objects, upkeep, uploads

log = logging.getLogger("sixfold.metadata")
WRITERS = 4
CONNECTIONS = 12
BATCH = 64
WAIT_S = 15.0
ATTEMPTS = 25
LOST_ATTEMPTS = 3
BACK_OFF_S = 0.002

Connection = AsyncConnection[tuple[Any, ...]]

# Another gateway was there first; looking again tells what it did.
_CONFLICTS = (
    Again,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
)
# May be run again where nobody knows whether their commit went through.
_REPEATABLE = frozenset(
    {
        objects.put_object,
        uploads.put_part,
        uploads.complete_upload,
        upkeep.begin_blobs,
        upkeep.touch_blobs,
        upkeep.forget_blobs,
        upkeep.garbage_done,
        upkeep.add_repairs,
        upkeep.repair_done,
        upkeep.lease,
    }
)


@dataclass(slots=True, eq=False)
class Job:
    """A write that was asked for. `error` or `outcome` once it has run."""

    key: Hashable
    make: Callable[..., Transaction[Any]]
    arguments: tuple[Any, ...]
    future: asyncio.Future[Any]
    outcome: Any = None
    error: Exception | None = None


class _CommitUnknown(Exception):
    """The connection was lost while committing."""


class PostgresRunner:
    """All methods belong to one event loop. Made by `open`."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Job] = deque()
        self._keys: set[Hashable] = set()
        self._batches: set[asyncio.Task[None]] = set()
        self._scheduled = self._closed = False
        self.on_commit: OnCommit = unseen
        self.stages = False

    @classmethod
    async def open(cls, url: URL, *, instance: str) -> PostgresRunner:
        """Raises MetadataUnavailable."""
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            kwargs={
                "autocommit": True,
                "client_encoding": "utf8",
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": 1,
                "application_name": f"sixfold {instance}"[:63],
            },
            min_size=1,
            max_size=CONNECTIONS,
            timeout=WAIT_S,
            configure=_configure,
            open=False,
        )
        try:
            await pool.open(wait=True, timeout=WAIT_S)
        except (psycopg.Error, PoolTimeout) as why:
            await pool.close()
            raise DatabaseDown("PostgreSQL does not answer") from why
        return cls(pool)

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> asyncio.Future[T]:
        """Run a transaction that writes; the future is done after its commit.

        Writes of the same `key` run one after the other; one without a key runs in a transaction of its own.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(MetadataUnavailable("the store is closed"))
            return future
        self._waiting.append(Job(key, make, arguments, future))
        self._schedule()
        return future

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a transaction that only reads, each statement by itself."""
        if asyncio.current_task() is None:
            await asyncio.sleep(0)  # callers may begin without a task; psycopg's timeouts want one
        for attempt in range(LOST_ATTEMPTS):
            try:
                async with self._pool.connection() as connection:
                    return await _read(connection, make(*arguments))
            except (psycopg.OperationalError, PoolClosed) as why:
                if attempt == LOST_ATTEMPTS - 1 or not _lost(why):
                    raise _translated(why) from why
                await self._check_pool()
            except psycopg.Error as why:
                raise _translated(why) from why
        raise MetadataUnavailable("the connection was lost again and again")

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def recall(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """PostgreSQL has no cheap way to say that nothing has changed: this reads."""
        return await self.read(make, *arguments)

    async def close(self) -> None:
        """Finish what was asked for, then close the connections."""
        self._closed = True
        while self._waiting or self._batches:
            self._flush()
            await asyncio.wait(self._batches)
        await self._pool.close()

    # --- batches ------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._scheduled and len(self._batches) < WRITERS:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        while len(self._batches) < WRITERS and (batch := self._next_batch()):
            self._keys.update(job.key for job in batch if job.key is not None)
            task = self._loop.create_task(self._run(batch))
            self._batches.add(task)
            task.add_done_callback(lambda done, batch=batch: self._done(done, batch))  # type: ignore[misc]

    def _next_batch(self) -> list[Job]:
        """The next writes whose keys are not under way; who gave up waiting before it began is left out."""
        batch: list[Job] = []
        stay: deque[Job] = deque()
        keys = set(self._keys)
        while self._waiting and len(batch) < BATCH:
            job = self._waiting.popleft()
            if job.future.done():
                continue
            if job.key is None and batch:
                stay.append(job)
                break
            if job.key is None:
                batch.append(job)
                break
            if job.key in keys:
                stay.append(job)
                continue
            keys.add(job.key)
            batch.append(job)
        self._waiting.extendleft(reversed(stay))
        return batch

    def _done(self, task: asyncio.Task[None], batch: list[Job]) -> None:
        self._batches.discard(task)
        self._keys.difference_update(job.key for job in batch)
        failed = None if task.cancelled() else task.exception()
        for job in batch:
            if job.future.done():
                continue
            if task.cancelled() or failed is not None:
                job.future.set_exception(MetadataUnavailable("the write was given up"))
            elif job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.outcome)
        if self._waiting:
            self._schedule()

    async def _run(self, batch: list[Job]) -> None:
        """Together; where that fails, each alone."""
        alone: Sequence[Job] = batch
        if len(batch) > 1:
            try:
                await self._transact(batch)
                return
            except _CommitUnknown as why:
                alone = _after_unknown_commit(batch, why)
            except (psycopg.Error, PoolTimeout, PoolClosed, Again, _Spoiled) as why:
                log.debug("a batch of %d writes fell apart: %s", len(batch), type(why).__name__)
        for job in alone:
            await self._run_alone(job)

    async def _run_alone(self, job: Job) -> None:
        """Run one write until it has come through, was refused, or has lost too often."""
        lost = 0
        for attempt in range(ATTEMPTS):
            job.outcome, job.error = None, None
            try:
                await self._transact([job])
                return
            except _CONFLICTS as why:
                job.error = MetadataUnavailable("another writer was always first")
                job.error.__cause__ = why
                await asyncio.sleep(BACK_OFF_S * min(attempt + 1, 10) * random.random())
            except (_CommitUnknown, psycopg.OperationalError, PoolTimeout, PoolClosed) as why:
                job.error = MetadataUnavailable("the connection to PostgreSQL was lost")
                job.error.__cause__ = why
                lost += 1
                again = job.make in _REPEATABLE if isinstance(why, _CommitUnknown) else _lost(why)
                if lost == LOST_ATTEMPTS or not again:
                    return
                await self._check_pool()
            except (psycopg.Error, _Spoiled) as why:
                cause = why.__cause__ if isinstance(why, _Spoiled) else why
                job.error = _translated(cause)
                return

    async def _check_pool(self) -> None:
        """After a restart of the server every idle connection is dead: replace them at once."""
        with contextlib.suppress(psycopg.Error, PoolTimeout, PoolClosed):
            await self._pool.check()

    async def _transact(self, batch: Sequence[Job]) -> None:
        async with self._pool.connection() as connection:
            began_s = time.perf_counter()
            try:
                await _in_step(connection, batch)
                self.on_commit(batch, time.perf_counter() - began_s)
            except BaseException:
                with contextlib.suppress(psycopg.Error):
                    await connection.rollback()
                raise


def _after_unknown_commit(batch: Sequence[Job], why: _CommitUnknown) -> list[Job]:
    """Which of a batch to repeat. What was refused stays so; of the others nobody can say what became of
    them.
    """
    again = []
    for job in batch:
        if job.error is None and job.make in _REPEATABLE:
            again.append(job)
        elif job.error is None:
            job.error = MetadataUnavailable("the connection to PostgreSQL was lost while committing")
            job.error.__cause__ = why
    return again


class _Spoiled(Exception):
    """A transaction failed after it had written: nothing of its batch can stand."""


@dataclass(slots=True)
class _Running:
    job: Job
    transaction: Transaction[Any]
    reply: Any = None
    wrote: bool = False

    def next_call(self) -> Call | None:
        """What the transaction wants next; None where it is over. _Spoiled, Again."""
        try:
            call = self.transaction.send(self.reply)
            while call is HEAVY:
                call = self.transaction.send(None)
        except StopIteration as done:
            self.job.outcome = done.value
            return None
        except Again:
            raise
        except Exception as why:
            if self.wrote:
                raise _Spoiled from why
            self.job.error = why
            return None
        self.wrote = self.wrote or call.statement.writes
        wanted: Call = call
        return wanted


async def _in_step(connection: Connection, batch: Sequence[Job]) -> None:
    """The transactions of a batch in one of the database's, their statements in waves."""
    live = [_Running(job, job.make(*job.arguments)) for job in batch]
    async with connection.pipeline() as pipeline:
        await connection.execute("BEGIN")
        wrote = False
        while live:
            wave = [(running, call) for running in live if (call := running.next_call()) is not None]
            cursors = [await _send(connection, call) for _, call in wave]
            if wave:
                await pipeline.sync()
            for (running, call), sent in zip(wave, cursors, strict=True):
                running.reply = await _received(call, sent)
                wrote = wrote or running.wrote
            live = [running for running, _ in wave]
        try:
            await connection.execute("COMMIT")
            await pipeline.sync()
        except psycopg.OperationalError as why:
            if wrote and _lost(why) and not isinstance(why, _CONFLICTS):
                raise _CommitUnknown from why
            raise


async def _send(connection: Connection, call: Call) -> list[Any]:
    sql, pick = call.statement.postgresql
    given = call.parameters if call.many else (call.parameters,)
    return [await connection.execute(sql, pick(each)) for each in given]


async def _received(call: Call, cursors: list[Any]) -> Any:
    fetch = call.statement.fetch
    if call.many:
        return None if fetch is Fetch.COUNT else [await cursor.fetchone() for cursor in cursors]
    if fetch is Fetch.COUNT:
        return cursors[0].rowcount
    return await (cursors[0].fetchone() if fetch is Fetch.ONE else cursors[0].fetchall())


async def _read(connection: Connection, transaction: Transaction[T]) -> T:
    reply = None
    try:
        while True:
            call = transaction.send(reply)
            if call.many:
                async with connection.pipeline() as pipeline:
                    cursors = await _send(connection, call)
                    await pipeline.sync()
                    reply = await _received(call, cursors)
            else:
                reply = await _received(call, await _send(connection, call))
    except StopIteration as done:
        result: T = done.value
        return result


async def _configure(connection: Connection) -> None:
    # Always eight bytes: by default an integer's type goes by its value, and each mix of types is another
    # prepared statement.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    connection.prepared_max = 500


def _lost(why: BaseException) -> bool:
    """Whether the connection went, rather than that the server has refused."""
    return isinstance(why, PoolTimeout | PoolClosed) or getattr(why, "sqlstate", None) in (
        None,
        "57P01",
        "57P02",
        "57P03",
        "08000",
        "08003",
        "08006",
    )


def _translated(why: BaseException | None) -> Exception:
    """What may pass becomes MetadataUnavailable; a mistake of ours stays what it is."""
    if isinstance(why, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout | PoolClosed):
        error = MetadataUnavailable(f"PostgreSQL: {type(why).__name__}")
        error.__cause__ = why
        return error
    return why if isinstance(why, Exception) else MetadataUnavailable(repr(why))
