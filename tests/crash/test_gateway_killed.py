"""The gateway dies in the middle of everything: what it acknowledged is there, and nothing else is."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.crash.journal import Worker, digest
from tests.crash.remains import assert_tidy
from tests.gateway_process import GatewayProcess

BUCKET = "crash"
WORKERS = 4
KILLS = 3


def found(s3: Any, key: str) -> str | None:
    try:
        return digest(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None


def check_journals(s3: Any, workers: list[Worker]) -> None:
    """Every key is read, and is what it may be; the listing says the same."""
    there = set()
    for worker in workers:
        assert not worker.unexpected, worker.unexpected
        for key in worker.keys:
            worker.journal.resolve(key, found(s3, key))
            if worker.journal.certain(key) is not None:
                there.add(key)
    assert {o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])} == there


@pytest.mark.parametrize("processes", [1, 2])
async def test_what_was_acknowledged_survives(tmp_path: Path, processes: int) -> None:
    seed = random.randrange(1 << 16)
    print(f"seed {seed}")
    gateway = GatewayProcess(tmp_path / "data", "--workers", str(processes))
    gateway.start()
    gateway.s3().create_bucket(Bucket=BUCKET)
    workers = [Worker(None, BUCKET, n, seed) for n in range(WORKERS)]
    for kill in range(KILLS):
        journals = [worker.journal for worker in workers]
        workers = [Worker(gateway.s3(), BUCKET, n, seed + 1 + kill) for n in range(WORKERS)]
        for worker, journal in zip(workers, journals, strict=True):
            worker.journal = journal
            worker.start()
        await asyncio.sleep(1.0 + random.Random(seed + kill).random())  # the moment of the crash
        gateway.cut_power()
        for worker in workers:
            worker.join(30)
            assert not worker.is_alive()
        gateway.start()
        check_journals(gateway.s3(), workers)
    assert sum(worker.journal.acknowledged for worker in workers) > 50
    gateway.cut_power()
    await assert_tidy(tmp_path / "data")
    gateway.start()
    check_journals(gateway.s3(), workers)
    assert "Traceback" not in gateway.log()
    gateway.stop()
