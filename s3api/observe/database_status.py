"""A look at the database: whether it answers, how quickly, how far its copies are behind, what is queued."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from metadata import Metadata
from metadata.errors import MetadataError
from metadata.records import Replication

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class DatabaseLook:
    """`seconds`: a trivial question and its answer. Where it does not answer there is nothing else."""

    up: bool
    seconds: float | None = None
    replication: Replication | None = None
    queues: dict[str, int] = field(default_factory=dict)


async def look(metadata: Metadata) -> DatabaseLook:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            began = time.perf_counter()
            await metadata.ping()
            seconds = time.perf_counter() - began
            return DatabaseLook(True, seconds, await metadata.replication(), await metadata.queue_lengths())
    except (MetadataError, TimeoutError):
        return DatabaseLook(False)
