"""A runner that checks the rules of transactions (see `metadata.transactions`) while another runs them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from metadata.engines.runner import Runner
from metadata.queries.statements import LONG, Call, OnCommit, Retry, T, Transaction
from metadata.transactions import renames

# Retry rolls the write back. ValueError is a caller's mistake that no statement before the write looks for.
MAY_FOLLOW_A_WRITE = (Retry, ValueError)
# Its token comes first: two requests of one token wait for each other there, and the second finds it used.
MAY_FAIL_LATE = (renames.rename_object,)


class StrictRunner:
    """Runs transactions through `inner`. A broken rule fails the transaction, and is noted in `broken`."""

    def __init__(self, inner: Runner) -> None:
        self.inner = inner
        self.broken: list[str] = []
        self.can_stage = inner.can_stage
        self._checked = functools.cache(self._checked_anew)

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> Awaitable[T]:
        return self.inner.write(key, self._checked(make, writes=True), *arguments)

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        return await self.inner.read(self._checked(make, writes=False), *arguments)

    async def read_cached(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        return await self.inner.read_cached(self._checked(make, writes=False), *arguments)

    async def close(self) -> None:
        await self.inner.close()

    @property
    def on_commit(self) -> OnCommit:
        return self.inner.on_commit

    @on_commit.setter
    def on_commit(self, call: OnCommit) -> None:
        self.inner.on_commit = call

    @property
    def waiting(self) -> int:
        return self.inner.waiting

    def _checked_anew(self, make: Callable[..., Transaction[Any]], *, writes: bool) -> Any:
        def checked(*arguments: Any) -> Transaction[Any]:
            return self._run(make(*arguments), make, may_write=writes)

        if getattr(make, "repeatable", False):
            checked.repeatable = True  # type: ignore[attr-defined]
        return checked

    def _run(
        self, transaction: Transaction[Any], make: Callable[..., Any], *, may_write: bool
    ) -> Transaction[Any]:
        wrote, reply, name = "", None, repr(make)
        while True:
            try:
                call = transaction.send(reply)
            except StopIteration as done:
                return done.value
            except MAY_FOLLOW_A_WRITE:
                raise
            except Exception as why:
                if wrote and make not in MAY_FAIL_LATE:
                    self._break(f"{name} raised {why!r} after it had written by {wrote}")
                raise
            if call is LONG:
                if wrote:
                    self._break(f"{name} yielded LONG after it had written by {wrote}")
            elif call.statement.writes and not may_write:
                self._break(f"{name} writes by {call.statement!r}, and was run by read")
            reply = yield call
            if call is not LONG and call.statement.writes and _changed(call, reply):
                wrote = wrote or repr(call.statement)

    def _break(self, what: str) -> None:
        self.broken.append(what)
        raise AssertionError(what)


def _changed(call: Call, reply: Any) -> bool:
    """Whether a write changed a row, as its answer shows. One that changed none may precede a failure."""
    return bool(call.parameters) if call.many else reply not in (0, None)
