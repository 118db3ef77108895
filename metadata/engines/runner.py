"""What an engine must do for transactions, and the parts that both engines share.

An engine is a `Runner`. `metadata.transactions` explains transactions; an engine promises them this:

- Conflicts. Every statement that writes is conditional: where another writer was faster it changes no row,
  and the transaction raises `Retry`. The engine rolls back and runs it again from its start, a bounded
  number of times, then fails it with MetadataUnavailable. (On SQLite writers are serial, and none is lost
  to another: there a `Retry` fails the transaction.)
- Batches. Transactions requested together may share one commit, in any order. Those with the same `key` never
  run concurrently. No write is acknowledged before its commit is durable.
- Validate first, write after. A transaction that raises before its first write has changed nothing: its error
  goes to its caller, and the rest of the batch is committed. One that raises after a write spoils its batch
  (`Spoiled`): the engine rolls the batch back and runs each transaction again in a batch of its own. So any
  transaction may run more than once, and only its last run counts.
- Long transactions. One that turns out to be long yields LONG before its first write. An engine whose
  statements run on the event loop stops it there and runs it again in a thread, in a batch of its own.
- Commits of unknown outcome (the connection was lost while committing). The engine repeats what is marked as
  `repeatable`, and fails the rest with MetadataUnavailable.
- Reads see every commit that was acknowledged before they began. `read_cached` may answer from memory only
  while the engine knows that the database has not changed.
- `close` finishes all requested writes first; later ones fail with MetadataUnavailable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from metadata.errors import MetadataUnavailable
from metadata.queries.statements import OnCommit, Retry, T, Transaction


class Runner(Protocol):
    """Runs transactions on one database. All methods belong to one event loop."""

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> Awaitable[T]:
        """Run `make(*arguments)`, a transaction that may write; done after its commit.

        `key` orders writes: those of equal keys run one after the other, None is equal to no key.
        """
        ...

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a transaction that only reads. Its statements need not see one snapshot."""
        ...

    async def read_cached(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """Run a frequent read, or return the result of an earlier one if nothing was committed since.

        The result is shared: callers must not change it. `make` and `arguments` are the cache's key.
        """
        ...

    async def close(self) -> None:
        """Finish all requested writes, then close the connections."""
        ...

    on_commit: OnCommit
    can_stage: bool
    """Whether the bytes of small blobs may be committed with their rows (see `Content.staged`)."""

    @property
    def waiting(self) -> int:
        """Number of writes that no transaction has begun yet."""
        ...


@dataclass(slots=True, eq=False)
class Job:
    """A requested write: `make(*arguments)` is its transaction.

    `long`: must not run on the event loop's thread. `ran`, with `outcome` or `error`: it has run.
    """

    key: Hashable
    make: Callable[..., Transaction[Any]]
    arguments: tuple[Any, ...]
    future: asyncio.Future[Any]
    long: bool = False
    ran: bool = False
    outcome: Any = None
    error: Exception | None = None

    def fail(self, error: Exception, cause: BaseException | None) -> None:
        """Set the error that the caller gets, and its cause."""
        self.ran, self.outcome, self.error = True, None, error
        if error is not cause:
            error.__cause__ = cause

    def resolve(self) -> None:
        """Pass the outcome or the error to the caller, unless it was cancelled."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.outcome)


class Spoiled(Exception):
    """A transaction failed after it had written: its batch must be rolled back. The cause is its error."""


def as_exception(why: BaseException | None) -> Exception:
    """Convert the cause of a failure into what the caller of a write gets. `Retry` never reaches callers."""
    if isinstance(why, Retry):
        return MetadataUnavailable("another writer was always first")
    return why if isinstance(why, Exception) else MetadataUnavailable(repr(why))
