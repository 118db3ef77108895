"""A cache of small blobs in a Redis that several gateways share.

Blobs never change, so no entry is ever stale. An entry holds what the nodes hold (ciphertext if the blob is
encrypted), framed like a chunk, so that every hit is verified. The requests of one turn of the event loop are
sent in one write. The Redis should bound itself (maxmemory, allkeys-lru) and may lose entries at any time.
Its failures never fail a request. After a failure it is left alone for a while.
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
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
PREFIX = b"sixfold:blob:"


class SharedCache:
    """A gateway's client of the shared cache."""

    def __init__(self, address: str, *, ttl_s: int, tls: ssl.SSLContext | None = None) -> None:
        """`address`: redis://[user:password@]host:port/db. Raises ValueError."""
        target = Target.parse(address)
        self._address, self._ttl_s = target.safe_address, ttl_s
        self._connection = Connection(target, timeout_s=TIMEOUT_S, on_connect=_accept_any_settings, tls=tls)
        self.hits = self.misses = self.failures = 0
        self.size_bytes = 0  # in this process: none
        self._pause_s, self._paused_until_s = 0.0, 0.0

    def get(self, blob_id: bytes) -> Future[bytes | None]:
        """The blob; None if it is not cached, or if the cache does not answer."""
        loop = asyncio.get_running_loop()
        done: Future[bytes | None] = loop.create_future()
        if loop.time() < self._paused_until_s:
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
        """Send a blob of up to MOST_BYTES to the cache. Failures are ignored."""
        if len(data) > MOST_BYTES or asyncio.get_running_loop().time() < self._paused_until_s:
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
        elif self._pause_s:
            self._pause_s = 0.0
            log.info("the shared cache %s answers again", self._address)
        if not isinstance(reply, bytes):
            return None
        try:
            return bytes(frame.decode(blob_id, reply))
        except frame.FrameError as why:
            log.warning("the shared cache %s returned a damaged blob: %s", self._address, why)
            return None

    def _failed(self, why: Exception) -> None:
        """Leave the cache alone for a while. Of several failures at once only the first is logged."""
        now_s = asyncio.get_running_loop().time()
        if (isinstance(why, NodeDown) and why.reason == "closed") or now_s < self._paused_until_s:
            return
        self.failures += 1
        if not self._pause_s:
            reason = why.reason if isinstance(why, NodeDown) else str(why)
            log.warning("the shared cache %s is skipped while it does not answer: %s", self._address, reason)
        self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause_s * 2))
        self._paused_until_s = now_s + self._pause_s


def _accept_any_settings() -> None:
    """Called for a new connection: a cache may have any settings, as it may lose entries."""
