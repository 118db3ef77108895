"""An LMDB environment in this process, and the batches of writes to it.

Nodes on one path share one LMDB environment, each with a named database of its own: six nodes on one disk
then cost one fsync and not six. All writes of one turn of the event loop, to all nodes of the environment,
are one transaction. It is filled on the loop's thread: py-lmdb releases the GIL at every put, and a worker
thread would have to win it back every time. The commit, which waits for the disk, runs in the environment's
one worker thread if several writes wait for it, so that the loop can receive others meanwhile. A single
object is committed on the loop's thread, as a hand-over would only cost it time. A large batch is filled in
the worker thread too. While a batch commits, later writes are collected in the next.

A transaction that is filled on one thread and committed on another must not hold LMDB's writer lock, which
belongs to a thread. So an environment that one process has to itself (`exclusive`) is opened without LMDB's
locks, under a lock of ours on the directory. That is safe: at most one transaction writes here, and a read
ends within one turn of the loop, so that it never spans two commits. An environment that processes share uses
LMDB's locks, and commits on the thread that filled it.

Chunks are refused while the disk still has a reserve (`chunkd.disk_space`), as deletions need space too.

Chunks can be *staged* if the caller made them durable elsewhere: they are served from memory, and
`flush_staged` writes all of them in one transaction. Many small chunks then share its two syncs, and its
pages.

Durable means synced, data and meta page, before a write's future resolves. Reads run inline, in a transaction
of their own (0.3 us) that ends within the call, so no reader ever holds back old pages.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import os
import time
from asyncio import AbstractEventLoop, Future
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar, Protocol

import lmdb

from chunkd.disk_space import DiskSpace
from chunkd.futures import WriteFuture, fail, succeed, write_future
from chunkd.lmdb_files import PING_DB, file_bytes, lock, node_error, open_files
from chunkd.node import Buffer, NodeError, NodeFull
from chunkd.page_cache import WrittenPages
from chunkd.traffic import Traffic

INLINE_BATCH_BYTES = 256 << 10
INLINE_FILL_BYTES = 4 << 20  # a millisecond of copying
LARGE_WRITE_BYTES = 1 << 20
BATCH_BYTES = 16 << 20
MOST_STAGED_BYTES = 8 << 20
LONE_WRITES = 1  # calls; an object makes one
QUICK_COMMIT_S = 0.003
EWMA_WEIGHT = 0.2
PROBE_EVERY_S = 1.0
PROBE_SHARE = 100  # at most 1/100 of the time goes to probing a slow disk inline
_NOTHING: dict[bytes, Buffer | None] = {}


class Database(Protocol):
    """A node of an environment. `db`: its database, as py-lmdb names it."""

    db: Any


@dataclass(slots=True)
class Batch:
    """The writes of one transaction: for each database, a value for each id (None: delete it).

    The last write of an id counts.
    """

    future: WriteFuture
    writes: dict[Any, dict[bytes, Buffer | None]] = field(default_factory=lambda: defaultdict(dict))
    size: int = 0
    calls: int = 0

    def add(self, db: Any, chunks: Sequence[tuple[bytes, Buffer | None]]) -> None:
        self.calls += 1
        self.writes[db].update(chunks)
        for _, data in chunks:
            if data is not None:
                self.size += len(data)

    def add_all(self, nodes: Sequence[Database], chunks: Sequence[tuple[bytes, Buffer]]) -> None:
        self.calls += 1
        writes, size = self.writes, 0
        for node, (chunk_id, data) in zip(nodes, chunks, strict=True):
            writes[node.db][chunk_id] = data
            size += len(data)
        self.size += size


class Environment:
    """An LMDB environment of this process, and the batches of writes to it."""

    shared: ClassVar[dict[Path, Environment]] = {}

    def __init__(self, path: Path, map_bytes: int, *, exclusive: bool) -> None:
        self.path, self.users, self.exclusive = path, 0, exclusive
        self.loop: AbstractEventLoop = asyncio.get_running_loop()
        self._lock = lock(path, exclusive=exclusive)
        self.lmdb = open_files(path, map_bytes, locks=not exclusive)
        # Every other database of the environment is a node.
        self.pings = self.lmdb.open_db(PING_DB)
        self.disk_space = DiskSpace(path, partial(file_bytes, self.lmdb))
        self._page_bytes: int = self.lmdb.stat()["psize"]
        self._written = WrittenPages(path / "data.mdb")
        self.commit_s = 0.0
        self.commits = 0
        self._batches: deque[Batch] = deque()
        self._staged = Batch(write_future())
        self._flushing: Batch | None = None
        self._flush_lock = asyncio.Lock()
        self._committing: Batch | None = None  # in the thread
        self._idle_waiters = 0
        self._thread: ThreadPoolExecutor | None = None
        self._probed_s = self._begun_s = 0.0
        self.traffic = Traffic()

    @classmethod
    def acquire(cls, path: Path, map_bytes: int, *, exclusive: bool) -> Environment:
        """The environment at `path`, opened or shared: LMDB forbids opening one twice in a process."""
        path = path.resolve()
        found = cls.shared.get(path)
        if found is None:
            found = cls.shared[path] = cls(path, map_bytes, exclusive=exclusive)
        loop = asyncio.get_running_loop()
        if found.loop is not loop:
            if not found.loop.is_closed():
                raise ValueError(f"{path} is in use in another event loop of this process")
            found.loop, found._committing = loop, None
            found._batches.clear()
            found._staged, found._flushing = Batch(write_future()), None
            found._flush_lock = asyncio.Lock()
            found.users = found._idle_waiters = 0
        found.users += 1
        return found

    async def wait_idle(self) -> None:
        """Wait until no transaction is being committed in the thread.

        Returns without yielding to the loop again. No transaction begins while a caller waits here: with
        continuous writes there would be no pause otherwise.
        """
        self._idle_waiters += 1
        try:
            while self._committing:
                await asyncio.wait([self._committing.future])
        finally:
            self._idle_waiters -= 1

    async def release(self) -> None:
        """Wait for accepted writes. The last user closes the files."""
        with suppress(NodeError):
            await self.flush_staged()
        while self._batches or self._committing:
            await asyncio.wait([(self._committing or self._batches[-1]).future])
        self.users -= 1
        if self.users == 0:
            del self.shared[self.path]
            if self._thread:
                self._thread.shutdown()
            self.lmdb.close()
            self._written.close()
            os.close(self._lock)

    def read_all(self, wanted: Sequence[tuple[Database, bytes]]) -> list[bytes | None]:
        """Read chunks of any nodes of this environment in one transaction."""
        try:
            with self.lmdb.begin() as transaction:
                get = transaction.get
                found = [get(chunk_id, db=node.db) for node, chunk_id in wanted]
        except lmdb.Error as error:
            raise node_error(f"lmdb:{self.path}", error) from error
        if None in found:
            for at, (node, chunk_id) in enumerate(wanted):
                if found[at] is None:
                    found[at] = self.staged_chunk(node.db, chunk_id)  # type: ignore[assignment]
        return found

    def write_all(self, nodes: Sequence[Database], chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Write chunks to any nodes of this environment, in one transaction."""
        if not self._has_room(sum([len(data) for _, data in chunks])):
            return self._refuse_full()
        batch = self._current_batch()
        batch.add_all(nodes, chunks)
        return batch.future

    def write(self, db: Any, chunks: Sequence[tuple[bytes, Buffer | None]]) -> Future[None]:
        """Write chunks (id, bytes) to one database, with this turn's other writes; None deletes."""
        if staged := self._staged.writes.get(db):
            for chunk_id, _ in chunks:
                staged.pop(chunk_id, None)
        if not self._has_room(sum([len(data) for _, data in chunks if data is not None])):
            return self._refuse_full()
        batch = self._current_batch()
        batch.add(db, chunks)
        return batch.future

    # --- free space --------------------------------------------------------------------------------

    def _has_room(self, size: int) -> bool:
        try:
            return self.disk_space.reserve(size)
        except (OSError, lmdb.Error):
            return True  # the write itself will fail with the error

    def _refuse_full(self) -> Future[None]:
        refused = write_future()
        reserve_mib = self.disk_space.reserve_bytes >> 20
        fail(refused, NodeFull(f"lmdb:{self.path}", f"the last {reserve_mib} MiB of its disk are kept free"))
        return refused

    def _error(self, why: Exception) -> NodeError:
        """Translate the error of a write, and cut off what the failed transaction appended to the file."""
        with suppress(OSError, lmdb.Error):
            short = self.disk_space.is_short()
            if self.exclusive:
                os.truncate(self.path / "data.mdb", file_bytes(self.lmdb)[0])
            if short and getattr(why, "code", 0) == errno.EIO:
                return NodeFull(f"lmdb:{self.path}", f"no room on its disk ({why})")
        return node_error(f"lmdb:{self.path}", why)

    # --- staged chunks ---------------------------------------------------------------------------

    def stage(self, nodes: Sequence[Database], chunks: Sequence[tuple[bytes, Buffer]]) -> bool:
        """Keep chunks in memory and serve them from there (`NodeGroup.stage`)."""
        if self._staged.size >= MOST_STAGED_BYTES:
            return False
        if not self._has_room(sum([len(data) for _, data in chunks])):
            return False
        self._staged.add_all(nodes, chunks)
        return True

    async def flush_staged(self) -> None:
        """Store all staged chunks in one transaction (`NodeGroup.flush_staged`)."""
        async with self._flush_lock:
            if not self._staged.size:
                return
            batch = self._flushing = self._staged
            self._staged = Batch(write_future())
            self._enqueue(batch)
            try:
                await batch.future
            except NodeError:
                self._stage_again(batch)
                raise
            finally:
                self._flushing = None

    def _stage_again(self, batch: Batch) -> None:
        newer, self._staged = self._staged, Batch(write_future())
        for each in (batch, newer):
            for db, writes in each.writes.items():
                self._staged.add(db, [item for item in writes.items() if item[1] is not None])

    def staged_chunk(self, db: Any, chunk_id: bytes) -> Buffer | None:
        """A chunk that is staged or being flushed, else None."""
        found = self._staged.writes.get(db, _NOTHING).get(chunk_id)
        if found is None and self._flushing is not None:
            found = self._flushing.writes.get(db, _NOTHING).get(chunk_id)
        return found

    def staged_count(self, db: Any) -> int:
        """Count the staged chunks of a database."""
        return len(self._staged.writes.get(db, ()))

    # --- batches ---------------------------------------------------------------------------------

    def _current_batch(self) -> Batch:
        """The batch for new writes; its transaction begins when this turn of the loop ends."""
        if not self._batches or self._batches[-1].size >= BATCH_BYTES:
            self._enqueue(Batch(write_future()))
        return self._batches[-1]

    def _enqueue(self, batch: Batch) -> None:
        if not self._batches and self._committing is None:
            self.loop.call_soon(self._flush)
        self._batches.append(batch)

    def _flush(self) -> None:
        if self._committing or not self._batches:
            return
        if self._idle_waiters:
            self.loop.call_soon(self._flush)
            return
        batch, self._begun_s = self._batches.popleft(), time.perf_counter()
        # Staged chunks are many and small: a worker thread would have to win back the GIL for each.
        fill_inline = self.exclusive or batch is self._flushing
        if batch.size >= (INLINE_FILL_BYTES if fill_inline else INLINE_BATCH_BYTES) or not (
            fill_inline or self._may_commit_inline()
        ):
            self._in_thread(self._commit, batch, batch)
            return
        try:
            alone = batch.calls <= LONE_WRITES and batch.size < INLINE_BATCH_BYTES
            if not self.exclusive or (alone and self._may_commit_inline()):
                self._commit_inline(batch)
            else:
                self._in_thread(self._finish, self._fill(batch), batch)
                return
        except Exception as error:  # noqa: BLE001 - every error must reach the futures
            self._resolve(batch, error)
        else:
            self._resolve(batch, None)

    def _in_thread(self, work: Callable[[Any], None], given: Any, batch: Batch) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="lmdb-commit")
        self._committing = batch
        # Not `run_in_executor`: its future would delay the outcome by a turn of the loop.
        self._thread.submit(work, given).add_done_callback(
            lambda ended: self.loop.call_soon_threadsafe(self._committed, batch, ended)
        )

    def _may_commit_inline(self) -> bool:
        """Whether to commit on the loop's thread: while commits are quick.

        A slow disk is probed now and then.
        """
        if self.commit_s < QUICK_COMMIT_S:
            return True
        now_s = time.monotonic()
        if now_s - self._probed_s < max(PROBE_EVERY_S, self.commit_s * PROBE_SHARE):
            return False
        self._probed_s = now_s
        return True

    def _commit_inline(self, batch: Batch) -> None:
        begun_s = time.perf_counter()
        self._commit(batch)
        took_s = time.perf_counter() - begun_s
        if took_s < QUICK_COMMIT_S <= self.commit_s:
            self.commit_s = took_s
        else:
            self.commit_s += (took_s - self.commit_s) * EWMA_WEIGHT

    def _commit(self, batch: Batch) -> None:
        """Write the batch in one transaction."""
        transaction = self._fill(batch)
        before = self._end()
        self._finish(transaction)
        if batch.size >= LARGE_WRITE_BYTES * batch.calls:
            self._written.wrote(before, self._end())

    def _fill(self, batch: Batch) -> lmdb.Transaction:
        """Begin a transaction and write the batch in it, keys in order."""
        transaction = self.lmdb.begin(write=True)
        try:
            for db, writes in batch.writes.items():
                puts: list[Any] = sorted(writes.items(), key=itemgetter(0))
                if None in writes.values():
                    puts = [put for put in puts if put[1] is not None]
                if puts:
                    transaction.cursor(db).putmulti(puts)
                if len(puts) < len(writes):
                    for key in sorted(key for key, data in writes.items() if data is None):
                        transaction.delete(key, db=db)
        except BaseException:
            transaction.abort()
            raise
        return transaction

    def _end(self) -> int:
        """The end of the committed data in the file."""
        return (int(self.lmdb.info()["last_pgno"]) + 1) * self._page_bytes

    def _finish(self, transaction: lmdb.Transaction) -> None:
        transaction.commit()
        self.commits += 1

    def _committed(self, batch: Batch, done: concurrent.futures.Future[None]) -> None:
        self._committing = None
        why = done.exception()
        self._resolve(batch, why if isinstance(why, Exception) else None)

    def _resolve(self, batch: Batch, why: Exception | None) -> None:
        if why is None:
            self.traffic.seconds.add(time.perf_counter() - self._begun_s)
            self.traffic.sent_bytes += batch.size
            succeed(batch.future)
        else:
            fail(batch.future, self._error(why))
        self._flush()
