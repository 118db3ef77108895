"""Embedded nodes: each is a named database of an LMDB environment in this process."""

from __future__ import annotations

import asyncio
import time
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import lmdb

from chunkd.futures import fail, write_future
from chunkd.lmdb_environment import Database, Environment
from chunkd.lmdb_files import MAP_BYTES, PING_DB, node_error, pages
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeFull, NodeGroup, Usage


class LmdbNode(Node):
    """One named database of an environment."""

    def __init__(self, address: str, environment: Environment, name: str) -> None:
        super().__init__(address, environment.traffic)
        self._environment: Environment | None = environment
        self.group: NodeGroup[Database] | None = environment
        self.db = environment.lmdb.open_db(name.encode())

    @classmethod
    async def open(
        cls, address: str, path: Path, name: str, *, map_bytes: int = MAP_BYTES, exclusive: bool = False
    ) -> LmdbNode:
        """Open or create the database `name` in the environment at `path` (a directory, created with mode
        0700).

        `map_bytes` bounds the environment's size. `exclusive` locks other processes out, which makes it
        faster. Only the first opener in a process sets them. Raises NodeDown if the disk, the files or
        another process prevent it, ValueError for a reserved name.
        """
        if name.encode() == PING_DB:
            raise ValueError(f"{name} is reserved")
        environment = None
        try:
            environment = Environment.acquire(path, map_bytes, exclusive=exclusive)
            await environment.wait_idle()
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
        if not cursor:
            await self._open().flush_staged()
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
            raise node_error(self.address, error) from error
        return page, page[-1][0] if page and found else b""

    async def usage(self) -> Usage:
        """The pages of the database; the capacity is an equal share of the file and of its room to grow."""
        environment = self._open()
        try:
            # A worker process that was killed while reading would keep old pages from being reused.
            if not environment.exclusive:
                environment.lmdb.reader_check()
            with environment.lmdb.begin() as transaction:
                stat = transaction.stat(self.db)
                nodes = transaction.stat(environment.lmdb.open_db(None, txn=transaction))["entries"] - 1
            file_bytes = (environment.lmdb.info()["last_pgno"] + 1) * stat["psize"]
            free_bytes = min(
                environment.disk_space.free_bytes(), environment.lmdb.info()["map_size"] - file_bytes
            )
        except (lmdb.Error, OSError) as error:
            raise node_error(self.address, error) from error
        chunks = stat["entries"] + environment.staged_count(self.db)
        return Usage(pages(stat) * stat["psize"], (file_bytes + free_bytes) // max(1, nodes), chunks)

    async def ping(self) -> None:
        """Write durably, which detects a failing disk or one remounted read-only."""
        environment = self._open()
        with suppress(NodeFull):
            await environment.write(environment.pings, [(b"ping", time.time_ns().to_bytes(8, "big"))])

    async def close(self) -> None:
        environment, self._environment = self._environment, None
        self.group = None
        if environment:
            await environment.release()

    def _open(self) -> Environment:
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
            environment = self._open()
            with environment.lmdb.begin(buffers=True) as transaction:
                data: Buffer | None = transaction.get(chunk_id, db=self.db)
                if data is None:
                    data = environment.staged_chunk(self.db, chunk_id)
                if data is None:
                    fail(done, ChunkMissing(self.address, chunk_id.hex()))
                else:
                    done.set_result(bytes(data) if wanted is None else bytes(data[wanted]))
        except NodeDown as error:
            fail(done, error)
        except lmdb.Error as error:
            fail(done, node_error(self.address, error))
        return done
