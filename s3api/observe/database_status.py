"""The status of the database: whether it answers, its latency, replication lag, lengths of queues."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from metadata import Metadata
from metadata.errors import MetadataError
from metadata.records import Replication

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """`seconds`: the latency of a trivial query. Where `up` is false, the rest is empty."""

    up: bool
    seconds: float | None = None
    replication: Replication | None = None
    queues: dict[str, int] = field(default_factory=dict)


async def probe_database(metadata: Metadata) -> DatabaseStatus:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            began = time.perf_counter()
            await metadata.ping()
            seconds = time.perf_counter() - began
            return DatabaseStatus(True, seconds, await metadata.replication(), await metadata.queue_lengths())
    except (MetadataError, TimeoutError):
        return DatabaseStatus(False)
