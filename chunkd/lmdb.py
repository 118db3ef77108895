"""Nodes embedded in this process: LMDB files.

Nodes on one path share one LMDB environment, each with a named database of its own: six nodes on one disk
then cost one fsync and not six. Everything that is asked for in one turn of the event loop, over all nodes of
the environment, is one transaction. It is filled on the loop's thread: py-lmdb gives the GIL up at every put,
and a worker thread would have to win it back every time. Its commit, which waits for the disk, goes to the
environment's one worker thread where many writes wait for it, so that the loop can receive others meanwhile;
a lone object commits where it is, for a hand-over would only cost it time. A large batch is the thread's from
the beginning. While a batch commits, later ones gather.

Filled on one thread and committed on another, a transaction must not hold LMDB's writer lock, which belongs
to a thread. So an environment that one process has to itself (`exclusive`) is opened without LMDB's locks and
behind one of ours, on the whole directory; that is safe, since here at most one transaction writes, and a
read ends before the loop can begin the next but one. An environment that processes share has LMDB's locks,
and commits on the thread that filled it.

Durable means synced, data and meta page, before a write's future resolves. Reads run inline, in a transaction
of their own (0.3 us) that ends within the call, so no reader ever holds back old pages.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import time
from asyncio import AbstractEventLoop, Future
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import lmdb

from chunkd.futures import WriteFuture, fail, succeed, write_future
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull, NodeInUse, Together, Usage
from chunkd.tally import Tally

MAP_BYTES = 8 << 40  # sparse: address space, not disk
SMALLEST_MAP_BYTES = 1 << 30
MAX_NODES = 128
MAX_READERS = 512
PING_DB = b".ping"
INLINE_BATCH_BYTES = 256 << 10
INLINE_FILL_BYTES = 4 << 20  # a millisecond of copying
BATCH_BYTES = 16 << 20
LONE_WRITES = 1  # calls; one object makes one
QUICK_COMMIT_S = 0.003
EWMA_WEIGHT = 0.2
PROBE_EVERY_S = 1.0
PROBE_SHARE = 100  # of the time, at most one part in so many is spent on probing a slow disk inline


@dataclass(slots=True)
class _Batch:
    """What one transaction will write: per database, id to value (None: delete). The last word counts."""

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


class _Environment:
    """One LMDB environment of this process, and the batches of writes to it."""

    shared: ClassVar[dict[Path, _Environment]] = {}

    def __init__(self, path: Path, map_bytes: int, *, exclusive: bool) -> None:
        self.path, self.users, self.exclusive = path, 0, exclusive
        self.loop: AbstractEventLoop = asyncio.get_running_loop()
        self._lock = _lock(path, exclusive=exclusive)
        self.lmdb = _open(path, map_bytes, lock=not exclusive)
        # The databases of the environment are its nodes, but for this one.
        self.pings = self.lmdb.open_db(PING_DB)
        self.commit_s = 0.0
        self.commits = 0
        self._batches: deque[_Batch] = deque()
        self._committing: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._probed_s = self._begun_s = 0.0
        self.tally = Tally()

    @classmethod
    def acquire(cls, path: Path, map_bytes: int, *, exclusive: bool) -> _Environment:
        """The environment at `path`, opened or shared. LMDB forbids to open one twice in a process."""
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
            found.users = 0
        found.users += 1
        return found

    async def idle(self) -> None:
        """Return, without giving way again, when no transaction is being committed in the thread."""
        while self._committing:
            await asyncio.wait([self._committing])

    async def release(self) -> None:
        """Wait for what was accepted; the last user closes the files."""
        while self._batches or self._committing:
            await asyncio.wait([self._committing or self._batches[-1].future])
        self.users -= 1
        if self.users == 0:
            del self.shared[self.path]
            if self._thread:
                self._thread.shutdown()
            self.lmdb.close()
            os.close(self._lock)

    def read_all(self, wanted: Sequence[tuple[Node, bytes]]) -> list[bytes | None]:
        """Chunks of any nodes of this environment, in one transaction."""
        try:
            with self.lmdb.begin() as transaction:
                get = transaction.get
                return [get(chunk_id, db=node.db) for node, chunk_id in wanted]  # type: ignore[attr-defined]
        except lmdb.Error as error:
            raise _condition(f"lmdb:{self.path}", error) from error

    def write_all(self, nodes: Sequence[Node], chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        """Chunks for any nodes of this environment, as one call."""
        batch = self._gathering()
        batch.calls += 1
        writes, size = batch.writes, 0
        for node, (chunk_id, data) in zip(nodes, chunks, strict=True):
            writes[node.db][chunk_id] = data  # type: ignore[attr-defined]
            size += len(data)
        batch.size += size
        return batch.future

    def write(self, db: Any, chunks: Sequence[tuple[bytes, Buffer | None]]) -> Future[None]:
        batch = self._gathering()
        batch.add(db, chunks)
        return batch.future

    def _gathering(self) -> _Batch:
        """The batch that takes what is asked for now; its transaction begins when this turn ends."""
        if not self._batches:
            if self._committing is None:
                self.loop.call_soon(self._flush)
            self._batches.append(_Batch(write_future()))
        elif self._batches[-1].size >= BATCH_BYTES:
            self._batches.append(_Batch(write_future()))
        return self._batches[-1]

    def _flush(self) -> None:
        if self._committing or not self._batches:
            return
        batch, self._begun_s = self._batches.popleft(), time.perf_counter()
        most_bytes = INLINE_FILL_BYTES if self.exclusive else INLINE_BATCH_BYTES
        if batch.size >= most_bytes or not (self.exclusive or self._inline()):
            self._in_thread(self._commit, batch, batch)
            return
        try:
            alone = batch.calls <= LONE_WRITES and batch.size < INLINE_BATCH_BYTES
            if not self.exclusive or (alone and self._inline()):
                self._commit_inline(batch)
            else:
                self._in_thread(self._finish, self._fill(batch), batch)
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must learn of it
            self._settle(batch, error)
        else:
            self._settle(batch, None)

    def _in_thread(self, work: Callable[[Any], None], given: Any, batch: _Batch) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="lmdb-commit")
        self._committing = self.loop.run_in_executor(self._thread, work, given)
        self._committing.add_done_callback(lambda done: self._committed(batch, done))

    def _inline(self) -> bool:
        """Whether to commit on the loop's own thread. A slow disk is tried again from time to time."""
        if self.commit_s < QUICK_COMMIT_S:
            return True
        now_s = time.monotonic()
        if now_s - self._probed_s < max(PROBE_EVERY_S, self.commit_s * PROBE_SHARE):
            return False
        self._probed_s = now_s
        return True

    def _commit_inline(self, batch: _Batch) -> None:
        begun_s = time.perf_counter()
        self._commit(batch)
        took_s = time.perf_counter() - begun_s
        if took_s < QUICK_COMMIT_S <= self.commit_s:
            self.commit_s = took_s
        else:
            self.commit_s += (took_s - self.commit_s) * EWMA_WEIGHT

    def _commit(self, batch: _Batch) -> None:
        """Write the batch in one transaction."""
        self._finish(self._fill(batch))

    def _fill(self, batch: _Batch) -> lmdb.Transaction:
        """Begin a transaction and write the batch in it, keys in order."""
        transaction = self.lmdb.begin(write=True)
        try:
            for db, writes in batch.writes.items():
                puts: list[Any] = sorted(writes.items(), key=_key)
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

    def _finish(self, transaction: lmdb.Transaction) -> None:
        transaction.commit()
        self.commits += 1

    def _committed(self, batch: _Batch, done: Future[None]) -> None:
        self._committing = None
        why = done.exception()
        self._settle(batch, why if isinstance(why, Exception) else None)

    def _settle(self, batch: _Batch, why: Exception | None) -> None:
        if why is None:
            self.tally.seconds.add(time.perf_counter() - self._begun_s)
            self.tally.sent_bytes += batch.size
            succeed(batch.future)
        else:
            fail(batch.future, _condition(f"lmdb:{self.path}", why))
        if self._batches:
            self.loop.call_soon(self._flush)


class LmdbNode:
    """One named database of an environment."""

    def __init__(self, address: str, environment: _Environment, name: str) -> None:
        self.address, self.tally = address, environment.tally
        self._environment: _Environment | None = environment
        self.together: Together | None = cast(Together, environment)
        self.db = environment.lmdb.open_db(name.encode())

    @classmethod
    async def open(
        cls, address: str, path: Path, name: str, *, map_bytes: int = MAP_BYTES, exclusive: bool = False
    ) -> LmdbNode:
        """Open or make the database `name` of the environment at `path` (a directory, made with mode 0700).

        `map_bytes` bounds the environment's size, `exclusive` keeps other processes out of it and makes it
        faster; only the first opener in a process sets them. Raises NodeDown where the disk, the files or
        another process refuse, ValueError for a reserved name.
        """
        if name.encode() == PING_DB:
            raise ValueError(f"{name} is reserved")
        environment = None
        try:
            environment = _Environment.acquire(path, map_bytes, exclusive=exclusive)
            await environment.idle()
            return cls(address, environment, name)
        except (lmdb.Error, OSError) as error:
            if environment is not None:
                environment.users -= 1
            raise NodeDown(address, str(error)) from error

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        return self._write(chunks)

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        return self._write([(chunk_id, None) for chunk_id in chunk_ids])

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        return self._read(chunk_id, None)

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        return self._read(chunk_id, slice(start, max(start, stop)))

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        page: list[tuple[bytes, int]] = []
        try:
            with self._open().lmdb.begin(buffers=True) as transaction:
                at = transaction.cursor(self.db)
                found = at.set_range(cursor) if cursor else at.first()
                if found and cursor and bytes(at.key()) == cursor:
                    found = at.next()
                while found and len(page) < limit:
                    page.append((bytes(at.key()), len(at.value())))
                    found = at.next()
        except lmdb.Error as error:
            raise _condition(self.address, error) from error
        return page, page[-1][0] if page and found else b""

    async def usage(self) -> Usage:
        """Pages that the database takes; capacity is an equal share of the file and its disk's free room."""
        environment = self._open()
        try:
            # A worker process that was killed while it read would hold back old pages.
            if not environment.exclusive:
                environment.lmdb.reader_check()
            with environment.lmdb.begin() as transaction:
                stat = transaction.stat(self.db)
                nodes = transaction.stat(environment.lmdb.open_db(None, txn=transaction))["entries"] - 1
            file_bytes = (environment.lmdb.info()["last_pgno"] + 1) * stat["psize"]
            disk = os.statvfs(environment.path)
        except (lmdb.Error, OSError) as error:
            raise _condition(self.address, error) from error
        free_bytes = min(disk.f_bavail * disk.f_frsize, environment.lmdb.info()["map_size"] - file_bytes)
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return Usage(pages * stat["psize"], (file_bytes + free_bytes) // max(1, nodes), stat["entries"])

    async def ping(self) -> None:
        """A write, durable like any other: a disk that fails or was remounted read-only shows."""
        environment = self._open()
        with suppress(NodeFull):
            await environment.write(environment.pings, [(b"ping", time.time_ns().to_bytes(8, "big"))])

    async def close(self) -> None:
        environment, self._environment = self._environment, None
        self.together = None
        if environment:
            await environment.release()

    def _open(self) -> _Environment:
        if self._environment is None:
            raise NodeDown(self.address, "closed")
        return self._environment

    def _write(self, chunks: Sequence[tuple[bytes, Buffer | None]]) -> Future[None]:
        if self._environment is None:
            refused = write_future()
            fail(refused, NodeDown(self.address, "closed"))
            return refused
        return self._environment.write(self.db, chunks)

    def _read(self, chunk_id: bytes, wanted: slice | None) -> Future[Buffer]:
        done: Future[Buffer] = asyncio.get_running_loop().create_future()
        try:
            with self._open().lmdb.begin(buffers=True) as transaction:
                data = transaction.get(chunk_id, db=self.db)
                if data is None:
                    fail(done, ChunkMissing(self.address, chunk_id.hex()))
                else:
                    done.set_result(bytes(data) if wanted is None else bytes(data[wanted]))
        except NodeDown as error:
            fail(done, error)
        except lmdb.Error as error:
            fail(done, _condition(self.address, error))
        return done


def _lock(path: Path, *, exclusive: bool) -> int:
    """Make the directory, for its owner alone, and lock it: shared, or against every other process.

    Raises NodeInUse.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise NodeInUse(f"lmdb:{path}", "another process has these files open") from None
    return descriptor


def _open(path: Path, map_bytes: int, *, lock: bool) -> lmdb.Environment:
    """Open with as large a map as the address space allows."""
    while True:
        with suppress(lmdb.MemoryError):
            return _open_with_map(path, map_bytes, lock=lock)
        if map_bytes <= SMALLEST_MAP_BYTES:
            raise NodeDown(str(path), "no address space")
        map_bytes //= 2


def _open_with_map(path: Path, map_bytes: int, *, lock: bool) -> lmdb.Environment:
    environment = lmdb.open(
        os.fspath(path),
        map_size=map_bytes,
        max_dbs=MAX_NODES,
        max_readers=MAX_READERS,
        mode=0o600,
        metasync=True,
        sync=True,
        meminit=False,
        readahead=True,
        max_spare_txns=4,
        lock=lock,
    )
    if lock:
        environment.reader_check()
    return environment


def _key(item: tuple[bytes, Buffer | None]) -> bytes:
    return item[0]


def _condition(address: str, why: Exception) -> NodeError:
    """An error of LMDB or of the disk in the words of the node interface."""
    full = (
        isinstance(why, lmdb.MapFullError) or getattr(why, "code", getattr(why, "errno", 0)) == errno.ENOSPC
    )
    return (NodeFull if full else NodeDown)(address, str(why))
