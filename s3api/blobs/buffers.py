"""The memory budget of bodies being received, and a pool of stripe buffers.

Every write of more than a small object first takes its bytes from one budget, and waits in order of arrival
while the budget is spent. So memory is bounded, and a burst is slowed rather than killed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s3api.blobs.erasure import STRIPE_BYTES
from s3api.blobs.stripes import StripeBuffer

POOLED = 8


class Budget:
    """A counting semaphore in bytes, first come, first served."""

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = self.free_bytes = max(total_bytes, STRIPE_BYTES)
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def __repr__(self) -> str:
        free, total = self.free_bytes >> 20, self.total_bytes >> 20
        return f"<Budget: {free} of {total} MiB free, {len(self._waiting)} waiting>"

    async def acquire(self, amount: int) -> None:
        """Take bytes from the budget, at most all of it; wait while too few are free."""
        amount = min(amount, self.total_bytes)
        if not self._waiting and self.free_bytes >= amount:
            self.free_bytes -= amount
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, waiter))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release(amount)
            raise

    def release(self, amount: int) -> None:
        """Give bytes back, and wake the writes that fit now."""
        self.free_bytes += min(amount, self.total_bytes)
        while self._waiting:
            wanted, waiter = self._waiting[0]
            if waiter.done():
                self._waiting.popleft()
            elif wanted <= self.free_bytes:
                self._waiting.popleft()
                self.free_bytes -= wanted
                waiter.set_result(None)
            else:
                return

    @asynccontextmanager
    async def reserved(self, amount: int) -> AsyncIterator[None]:
        """Hold bytes of the budget within a block."""
        await self.acquire(amount)
        try:
            yield
        finally:
            self.release(amount)


class StripePool:
    """Stripe buffers, paid from the budget. Up to POOLED free ones are kept for reuse."""

    def __init__(self, budget: Budget, parity: int) -> None:
        self._budget, self._parity = budget, parity
        self._cost = StripeBuffer.size(parity)
        self._free: list[StripeBuffer] = []

    async def acquire(self) -> StripeBuffer:
        """A buffer, when the budget has room for it."""
        await self._budget.acquire(self._cost)
        return self._free.pop() if self._free else StripeBuffer(self._parity)

    def release(self, buffer: StripeBuffer, *, reuse: bool = True) -> None:
        """Rewaiter a buffer; `reuse` False where a slow node may still be reading it."""
        buffer.reset()
        if reuse and len(self._free) < POOLED:
            self._free.append(buffer)
        self._budget.release(self._cost)
