"""What runs transactions: one of these for each engine (`sqlite.runner`, `postgres.runner`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Protocol

from metadata.queries.statements import OnCommit, T, Transaction


class Runner(Protocol):
    """Runs transactions on one engine."""

    def write(self, key: Hashable, make: Callable[..., Transaction[T]], *arguments: Any) -> Awaitable[T]: ...

    async def read(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T: ...

    async def read_cached(self, make: Callable[..., Transaction[T]], *arguments: Any) -> T:
        """As `read`, for what is asked often: an engine that can tell that nothing changed may remember."""
        ...

    async def close(self) -> None: ...

    on_commit: OnCommit
    can_stage: bool
    """Whether small blobs' bytes may be committed with their rows (see `Content.staged`)."""

    @property
    def waiting(self) -> int:
        """Writes that no transaction has begun yet."""
        ...
