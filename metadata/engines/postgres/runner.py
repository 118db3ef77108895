"""Run transactions on PostgreSQL: batches over a few connections, in pipeline mode (`connection`).

Writes requested while all writing connections are busy share the next database transaction. The transactions
of a batch run in step: the next statements of all are sent in one write, so a batch costs the round trips of
one. One process never runs two writes of the same key at once. Between processes the statements are
conditional (see `metadata.queries.objects`): if another gateway changed a row in between, the transaction
runs again. Reads of one turn of the event loop are sent together, too (`pool`).
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
from psycopg import errors
from sqlalchemy.engine import URL

from metadata.engines.postgres.connection import Command, Link
from metadata.engines.postgres.pool import Links, Readers
from metadata.engines.runner import Job, Spoiled, as_exception
from metadata.errors import DatabaseDown, MetadataUnavailable
from metadata.queries.statements import (
    LONG,
    Call,
    Fetch,
    OnCommit,
    Retry,
    T,
    Transaction,
    is_repeatable,
    unseen,
)

log = logging.getLogger("sixfold.metadata")
WRITERS = 4
BATCH = 64
ATTEMPTS = 25
LOST_ATTEMPTS = 3
BACK_OFF_S = 0.002
BEGIN, COMMIT, ROLLBACK = (Command(sql, Fetch.COUNT) for sql in ("BEGIN", "COMMIT", "ROLLBACK"))

# Another gateway was faster: a new attempt reads what it changed.
_CONFLICTS = (
    Retry,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
)


class _CommitUnknown(Exception):
    """The connection was lost while committing."""


class PostgresRunner:
    """All methods belong to one event loop. Made by `open`."""

    def __init__(self, links: Links) -> None:
        self._links, self._readers = links, Readers(links)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Job] = deque()
        self._keys: set[Hashable] = set()
        self._batches: set[asyncio.Task[None]] = set()
        self._scheduled = self._closed = False
        self.on_commit: OnCommit = unseen
        self.can_stage = False

    @classmethod
    async def open(cls, url: URL, *, instance: str) -> PostgresRunner:
        """Connect to the database. Raises MetadataUnavailable."""
        text = url.set(drivername="postgresql").render_as_string(hide_password=False)
        links = Links(text, name=f"sixfold {instance}"[:63])
        try:
            links.give(await links.take())
        except psycopg.Error as why:
            raise DatabaseDown("PostgreSQL does not answer") from why
        return cls(links)

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> asyncio.Future[T]:
        """Run a transaction that writes. The future is done after its commit.

        Writes of the same `key` run one after the other. A write without a key runs in a batch of its own.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(MetadataUnavailable("the store is closed"))
            return future
        self._waiting.append(Job(key, make, arguments, future))
        self._schedule()
        return future

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a transaction that only reads, each statement in autocommit mode."""
        for attempt in range(LOST_ATTEMPTS):
            try:
                return await self._read(make(*arguments))
            except psycopg.Error as why:
                if attempt == LOST_ATTEMPTS - 1 or not _is_lost(why):
                    raise caller_error(why) from why
        raise MetadataUnavailable("the connection was lost again and again")

    async def _read(self, transaction: Transaction[T]) -> T:
        reply = None
        try:
            while True:
                call = transaction.send(reply)
                reply = _reply(call, await self._readers.run(_commands(call)))
        except StopIteration as done:
            result: T = done.value
            return result

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    read_cached = read  # PostgreSQL has no cheap test for changes

    async def close(self) -> None:
        """Finish all requested writes, then close the connections."""
        self._closed = True
        self._links.closing()
        while self._waiting or self._batches:
            self._flush()
            await asyncio.wait(self._batches)
        await self._readers.close()
        await self._links.close()

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
        """Take the next writes whose keys are not being written. Drops those whose caller was cancelled."""
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
            if task.cancelled() or failed is not None:
                job.fail(MetadataUnavailable("the write was given up"), failed)
            job.resolve()
        if self._waiting:
            self._schedule()

    async def _run(self, batch: list[Job]) -> None:
        """Run a batch in one database transaction; if that fails, each write in one of its own."""
        alone: Sequence[Job] = batch
        if len(batch) > 1:
            try:
                await self._transact(batch)
                return
            except _CommitUnknown as why:
                alone = _after_unknown_commit(batch, why)
            except (psycopg.Error, Retry, Spoiled) as why:
                log.debug("a batch of %d writes is run again one by one: %s", len(batch), type(why).__name__)
        for job in alone:
            await self._run_alone(job)

    async def _run_alone(self, job: Job) -> None:
        """Run one write until it is committed or refused, or the attempts are used up."""
        lost = 0
        for attempt in range(ATTEMPTS):
            job.outcome, job.error = None, None
            try:
                await self._transact([job])
                return
            except _CONFLICTS as why:
                job.fail(MetadataUnavailable("another writer was always first"), why)
                await asyncio.sleep(BACK_OFF_S * min(attempt + 1, 10) * random.random())
            except (_CommitUnknown, psycopg.OperationalError) as why:
                job.fail(MetadataUnavailable("the connection to PostgreSQL was lost"), why)
                lost += 1
                again = is_repeatable(job.make) if isinstance(why, _CommitUnknown) else _is_lost(why)
                if lost == LOST_ATTEMPTS or not again:
                    return
            except (psycopg.Error, Spoiled) as why:
                cause = why.__cause__ if isinstance(why, Spoiled) else why
                job.error = caller_error(cause)
                return

    async def _transact(self, batch: Sequence[Job]) -> None:
        link = await self._links.take()
        try:
            began_s = time.perf_counter()
            try:
                await _in_step(link, batch)
                self.on_commit(batch, time.perf_counter() - began_s)
            except BaseException:
                with contextlib.suppress(psycopg.Error):
                    await link.run([ROLLBACK])
                raise
        finally:
            self._links.give(link)


def _after_unknown_commit(batch: Sequence[Job], why: _CommitUnknown) -> list[Job]:
    """Return the jobs of a batch to repeat: those that are repeatable and were not refused. Fail the others
    whose outcome is unknown.
    """
    again = []
    for job in batch:
        if job.error is None and is_repeatable(job.make):
            again.append(job)
        elif job.error is None:
            job.fail(MetadataUnavailable("the connection to PostgreSQL was lost while committing"), why)
    return again


@dataclass(slots=True)
class _Running:
    job: Job
    transaction: Transaction[Any]
    reply: Any = None
    wrote: bool = False

    def next_call(self) -> Call | None:
        """Return the transaction's next call, None at its end. Raises Spoiled, Retry."""
        try:
            call = self.transaction.send(self.reply)
            while call is LONG:
                call = self.transaction.send(None)
        except StopIteration as done:
            self.job.outcome = done.value
            return None
        except Retry:
            raise
        except Exception as why:
            if self.wrote:
                raise Spoiled from why
            self.job.error = why
            return None
        self.wrote = self.wrote or call.statement.writes
        following: Call = call
        return following


async def _in_step(link: Link, batch: Sequence[Job]) -> None:
    """Run the transactions of a batch in one database transaction, one statement of each at a time."""
    live = [_Running(job, job.make(*job.arguments)) for job in batch]
    begin, wrote = [BEGIN], False
    while wave := [(running, call) for running in live if (call := running.next_call()) is not None]:
        commands = [_commands(call) for _, call in wave]
        results = await link.run([*begin, *(command for each in commands for command in each)])
        at, begin = len(begin), []
        _check(results)
        for (running, call), sent in zip(wave, commands, strict=True):
            running.reply = _reply(call, results[at : at + len(sent)])
            at += len(sent)
            wrote = wrote or running.wrote
        live = [running for running, _ in wave]
    if begin:
        return
    try:
        _check(await link.run([COMMIT]))
    except psycopg.OperationalError as why:
        if wrote and _is_lost(why) and not isinstance(why, _CONFLICTS):
            raise _CommitUnknown from why
        raise


def _commands(call: Call) -> list[Command]:
    statement = call.statement
    (sql, pick), fetch, kinds = statement.postgresql, statement.fetch, statement.kinds
    given = call.parameters if call.many else (call.parameters,)
    return [Command.of(sql, fetch, kinds, pick(each)) for each in given]


def _check(results: Sequence[Any]) -> None:
    """Raise the first error among the results."""
    for result in results:
        if isinstance(result, psycopg.Error):
            raise result


def _reply(call: Call, results: list[Any]) -> Any:
    """Convert results to what a transaction gets for its call. Raises psycopg.Error."""
    _check(results)
    if call.many:
        return None if call.statement.fetch is Fetch.COUNT else results
    return results[0]


def _is_lost(why: BaseException) -> bool:
    """Whether the connection was lost or the server is stopping, and no statement was refused."""
    return isinstance(why, psycopg.Error) and why.sqlstate in (
        None,
        "57P01",
        "57P02",
        "57P03",
        "08000",
        "08003",
        "08006",
    )


def caller_error(why: BaseException | None) -> Exception:
    """Convert an error that may pass to MetadataUnavailable. Programming errors stay as they are."""
    if isinstance(why, psycopg.OperationalError | psycopg.InterfaceError):
        error = MetadataUnavailable(f"PostgreSQL: {type(why).__name__}")
        error.__cause__ = why
        return error
    return as_exception(why)
