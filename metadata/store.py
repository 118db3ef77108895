"""`Metadata`: the metadata store of one process, by subject (`metadata.objects.put(...)`).

Keys, prefixes and markers that no database can hold (NUL, lone surrogates) raise InvalidKey, on both engines.
Any method may raise MetadataUnavailable; whether a write that raised it was committed is then unknown.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from metadata.engines.runner import Runner
from metadata.engines.sqlite.runner import SqliteRunner
from metadata.queries.statements import OnCommit
from metadata.records import Replication
from metadata.schema.migrate import migrate
from metadata.schema.probe import parse_url
from metadata.stores.accounts import AccessKeyStore, AccountStore, UserStore
from metadata.stores.annotations import AnnotationStore
from metadata.stores.blobs import BlobRowStore, GarbageStore, RepairStore, StagingStore
from metadata.stores.buckets import BucketStore
from metadata.stores.nodes import LeaseStore, NodeStore
from metadata.stores.objects import ObjectStore
from metadata.stores.outbox import OutboxStore
from metadata.stores.uploads import UploadStore
from metadata.stores.walks import WalkStore
from metadata.transactions import reads


async def open_metadata(url: str, *, instance: str) -> Metadata:
    """Open `sqlite:///path` or `postgresql://user:password@host/database`, and migrate its tables.

    `instance` names this process to the database. Raises ValueError for any other URL, MetadataUnavailable.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # it exists, or SQLite will say why it cannot be created
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # it holds secret keys
        await asyncio.to_thread(migrate, parsed.set(drivername="sqlite"))
        return Metadata(await SqliteRunner.open(str(path)))
    await asyncio.to_thread(migrate, parsed.set(drivername="postgresql+psycopg"))
    from metadata.engines.postgres.runner import PostgresRunner

    return Metadata(await PostgresRunner.open(parsed, instance=instance))


class Metadata:
    """The metadata store. Made by `open_metadata`; all methods belong to one event loop.

    `runner` is the engine that all subjects share: what replaces its `write`, `read` or `read_cached` sees
    every transaction.
    """

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.buckets = BucketStore(runner)
        self.objects = ObjectStore(runner)
        self.annotations = AnnotationStore(runner)
        self.uploads = UploadStore(runner)
        self.blobs = BlobRowStore(runner)
        self.staging = StagingStore(runner)
        self.garbage = GarbageStore(runner)
        self.repairs = RepairStore(runner)
        self.nodes = NodeStore(runner)
        self.leases = LeaseStore(runner)
        self.accounts = AccountStore(runner)
        self.users = UserStore(runner)
        self.access_keys = AccessKeyStore(runner)
        self.outbox = OutboxStore(runner)
        self.walks = WalkStore(runner)

    async def close(self) -> None:
        """Finish the writes that were requested, then close the connections."""
        await self.runner.close()

    async def ping(self) -> None:
        """Return if the database answers."""
        await self.runner.read(reads.ping)

    def watch(self, on_commit: OnCommit) -> None:
        """Call `on_commit` after every commit from now on, possibly in another thread."""
        self.runner.on_commit = on_commit

    @property
    def waiting(self) -> int:
        """Number of writes of this process that no transaction has begun yet."""
        return self.runner.waiting

    async def queue_lengths(self, most: int = 100_000) -> dict[str, int]:
        """Count the backlog of background work by table name, up to `most` each."""
        return await self.runner.read(reads.queue_lengths, most)

    async def replication(self) -> Replication | None:
        """Read the replication status of the database server; None where it has none."""
        return await self.runner.read(reads.replication)
