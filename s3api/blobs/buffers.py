"""A bound on the memory of bodies under way, and a few stripe buffers kept warm.

Every write of more than a small object takes its bytes out of one budget first, and waits, in order of
arrival, where the budget is spent: so memory is bounded whatever arrives, and a burst is slowed rather than
killed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s3api.blobs.erasure import STRIPE_BYTES
from s3api.blobs.stripes import StripeBuffer

KEPT_WARM = 8


class Budget:
    """A counting semaphore in bytes, first come, first served."""

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = self.free_bytes = max(total_bytes, STRIPE_BYTES)
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, amount: int) -> None:
        amount = min(amount, self.total_bytes)
        if not self._waiting and self.free_bytes >= amount:
            self.free_bytes -= amount
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(amount)
            raise

    def release(self, amount: int) -> None:
        self.free_bytes += min(amount, self.total_bytes)
        while self._waiting:
            wanted, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
            elif wanted <= self.free_bytes:
                self._waiting.popleft()
                self.free_bytes -= wanted
                turn.set_result(None)
            else:
                return

    @asynccontextmanager
    async def reserved(self, amount: int) -> AsyncIterator[None]:
        await self.acquire(amount)
        try:
            yield
        finally:
            self.release(amount)


class StripePool:
    """Stripe buffers out of the budget; some are kept warm."""

    def __init__(self, budget: Budget, parity: int) -> None:
        self._budget, self._parity = budget, parity
        self._cost = StripeBuffer.size(parity)
        self._warm: list[StripeBuffer] = []

    async def acquire(self) -> StripeBuffer:
        await self._budget.acquire(self._cost)
        return self._warm.pop() if self._warm else StripeBuffer(self._parity)

    def release(self, buffer: StripeBuffer, *, reuse: bool = True) -> None:
        """Return a buffer; `reuse` False where a slow node may still be reading it."""
        buffer.reset()
        if reuse and len(self._warm) < KEPT_WARM:
            self._warm.append(buffer)
        self._budget.release(self._cost)
