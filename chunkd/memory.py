"""A node in memory, for tests and experiments. Its chunks are lost with the node object.

`memory://name?capacity=BYTES` bounds it; otherwise its capacity is unknown.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from bisect import bisect_right
from collections.abc import Sequence

from chunkd.futures import fail
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeFull, Usage


class MemoryNode(Node):
    """Chunks in a dict. Every operation is done when its call returns."""

    def __init__(self, address: str, *, capacity_bytes: int | None = None) -> None:
        super().__init__(address)
        self._capacity_bytes = capacity_bytes
        self._chunks: dict[bytes, bytes] = {}
        self._used_bytes = 0
        self._closed = False

    def put_many(self, chunks: Sequence[tuple[bytes, Buffer]]) -> Future[None]:
        done: Future[None] = asyncio.get_running_loop().create_future()
        if why := self._down():
            fail(done, why)
            return done
        for chunk_id, data in chunks:
            added = len(data) - len(self._chunks.get(chunk_id, b""))
            if self._capacity_bytes is not None and self._used_bytes + added > self._capacity_bytes:
                fail(done, NodeFull(self.address, f"all of {self._capacity_bytes} bytes are used"))
                return done
            self._chunks[chunk_id] = bytes(data)
            self._used_bytes += added
        done.set_result(None)
        return done

    def get(self, chunk_id: bytes) -> Future[Buffer]:
        return self._read(chunk_id, None)

    def get_range(self, chunk_id: bytes, start: int, stop: int) -> Future[Buffer]:
        return self._read(chunk_id, slice(start, max(start, stop)))

    def delete_many(self, chunk_ids: Sequence[bytes]) -> Future[None]:
        done: Future[None] = asyncio.get_running_loop().create_future()
        if why := self._down():
            fail(done, why)
            return done
        for chunk_id in chunk_ids:
            self._used_bytes -= len(self._chunks.pop(chunk_id, b""))
        done.set_result(None)
        return done

    async def scan(self, cursor: bytes, limit: int) -> tuple[list[tuple[bytes, int]], bytes]:
        await self.ping()
        ids = sorted(self._chunks)
        at = bisect_right(ids, cursor)
        page = [(chunk_id, len(self._chunks[chunk_id])) for chunk_id in ids[at : at + limit]]
        return page, page[-1][0] if at + limit < len(ids) else b""

    async def usage(self) -> Usage:
        await self.ping()
        return Usage(self._used_bytes, self._capacity_bytes, len(self._chunks))

    async def ping(self) -> None:
        if why := self._down():
            raise why

    async def close(self) -> None:
        self._closed = True

    def _read(self, chunk_id: bytes, wanted: slice | None) -> Future[Buffer]:
        done: Future[Buffer] = asyncio.get_running_loop().create_future()
        data = self._chunks.get(chunk_id)
        if why := self._down():
            fail(done, why)
        elif data is None:
            fail(done, ChunkMissing(self.address, chunk_id.hex()))
        else:
            done.set_result(data if wanted is None else data[wanted])
        return done

    def _down(self) -> NodeDown | None:
        return NodeDown(self.address, "closed") if self._closed else None
