"""Walks through the whole store, a page at a time, with stored progress."""

from __future__ import annotations

from metadata.engines.runner import Runner
from metadata.records import Bucket, Walked
from metadata.transactions import walks


class WalkStore:
    """Walks through buckets and versions: `metadata.walks`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def buckets(self, kind: str, *, after: str = "", limit: int = 1000) -> list[str]:
        """List the names of buckets that have a setting document of that kind, after `after`."""
        return await self._runner.read(walks.buckets, kind, after, limit)

    async def versions(
        self, bucket: Bucket, *, prefix: str = "", after: tuple[str, int] | None = None, limit: int = 256
    ) -> list[Walked]:
        """List versions and delete markers below a prefix by key, the newest first, after `after` (key,
        rank).
        """
        return await self._runner.read(walks.versions, bucket, prefix, after, limit)

    async def progress(self, name: str) -> str | None:
        """Read the progress document (JSON) that was stored last for a walk."""
        return await self._runner.read(walks.progress, name)

    async def keep_progress(self, name: str, document: str) -> None:
        """Store the progress document (JSON) of a walk."""
        await self._runner.write(None, walks.keep_progress, name, document)
