"""Small blobs in a Redis that several gateways share: what one of them read, the others need not fetch.

Blobs never change, so nothing there is ever stale; it holds what nodes hold, ciphertext where that is
encrypted, framed as a chunk is, so that every hit is verified. What is asked for in one turn of the event
loop leaves in one write. That Redis is to bound itself (maxmemory, allkeys-lru) and may lose all of it at any
moment: no failure of it is one of a request. While it does not answer it is not asked.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from asyncio import Future

from chunkd import frame
from chunkd.futures import succeed
from chunkd.node import NodeDown
from chunkd.resp import Connection, Target, pack

log = logging.getLogger("sixfold.cache")
MOST_BYTES = frame.BLOCK_BYTES
TIMEOUT_S = 0.25
FIRST_REST_S, LONGEST_REST_S = 1.0, 30.0
PREFIX = b"sixfold:blob:"


class SharedCache:
    """One gateway's client of it."""

    def __init__(self, address: str, *, ttl_s: int, tls: ssl.SSLContext | None = None) -> None:
        """`address`: redis://[user:password@]host:port/db. Raises ValueError."""
        target = Target.parse(address)
        self._shown, self._ttl_s = target.safe_address, ttl_s
        self._connection = Connection(target, timeout_s=TIMEOUT_S, on_connect=_nothing, tls=tls)
        self.hits = self.misses = self.failures = 0
        self.size_bytes = 0  # of this process's memory
        self._rest_s, self._asleep_until_s = 0.0, 0.0

    def get(self, blob_id: bytes) -> Future[bytes | None]:
        """The blob, None where it is not there, or the cache is not."""
        loop = asyncio.get_running_loop()
        done: Future[bytes | None] = loop.create_future()
        if loop.time() < self._asleep_until_s:
            done.set_result(None)
            return done

        def on_reply(reply: object, _: int) -> None:
            data = self._verified(blob_id, reply)
            if data is None:
                self.misses += 1
            else:
                self.hits += 1
            succeed(done, data)

        self._connection.send((pack((b"GET", PREFIX + blob_id)),), on_reply, 0)
        return done

    def put(self, blob_id: bytes, data: bytes) -> None:
        """Keep a blob of up to MOST_BYTES there, some time soon, if that can be."""
        if len(data) > MOST_BYTES or asyncio.get_running_loop().time() < self._asleep_until_s:
            return
        framed = frame.encode(blob_id, data)
        command = pack((b"SET", PREFIX + blob_id, framed, b"EX", self._ttl_s))
        self._connection.send((command,), self._on_set, 0)

    async def close(self) -> None:
        await self._connection.close()

    def _on_set(self, reply: object, _: int) -> None:
        if isinstance(reply, Exception):
            self._failed(reply)

    def _verified(self, blob_id: bytes, reply: object) -> bytes | None:
        if isinstance(reply, Exception):
            self._failed(reply)
        elif self._rest_s:
            self._rest_s = 0.0
            log.info("the cache %s answers again", self._shown)
        if not isinstance(reply, bytes):
            return None
        try:
            return bytes(frame.decode(blob_id, reply))
        except frame.FrameError as why:
            log.warning("the cache %s has something else for a blob: %s", self._shown, why)
            return None

    def _failed(self, why: Exception) -> None:
        """Leave it alone for a while; of several failures at once the first one tells."""
        now_s = asyncio.get_running_loop().time()
        if (isinstance(why, NodeDown) and why.reason == "closed") or now_s < self._asleep_until_s:
            return
        self.failures += 1
        if not self._rest_s:
            reason = why.reason if isinstance(why, NodeDown) else str(why)
            log.warning("the cache %s is left out until it is well: %s", self._shown, reason)
        self._rest_s = min(LONGEST_REST_S, max(FIRST_REST_S, self._rest_s * 2))
        self._asleep_until_s = now_s + self._rest_s


def _nothing() -> None:
    """Said to a new connection: whatever its settings are, nothing is lost with it."""
