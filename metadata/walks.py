"""`Walks`: reading the whole store a page at a time, as `Metadata` has it under `walks`; and how far one has
come.
"""

from __future__ import annotations

from metadata.engines.runner import Runner
from metadata.records import Bucket, Walked
from metadata.transactions import walks


class Walks:
    def __init__(self, runner: Runner) -> None:
        self._read, self._write = runner.read, runner.write

    async def buckets(self, kind: str, *, after: str = "", limit: int = 1000) -> list[str]:
        """The names of buckets that have a document of that kind, those after `after`, by name."""
        return await self._read(walks.buckets, kind, after, limit)

    async def versions(
        self, bucket: Bucket, *, prefix: str = "", after: tuple[str, int] | None = None, limit: int = 256
    ) -> list[Walked]:
        """All versions and delete markers below a prefix by key, the newest first, behind (key, rank)."""
        return await self._read(walks.versions, bucket, prefix, after, limit)

    async def progress(self, name: str) -> str | None:
        """How far a walk has come: the document (JSON) that was kept last."""
        return await self._read(walks.progress, name)

    async def keep_progress(self, name: str, document: str) -> None:
        await self._write(None, walks.keep_progress, name, document)
