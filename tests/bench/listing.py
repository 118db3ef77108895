"""Time a delimiter listing where one prefix has a million keys, and one where it has a thousand.

    python -m tests.bench.listing [--keys 1000000]

The keys go straight into the metadata store (SQLite, in a temporary directory), and are listed over HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3

from metadata import open_metadata
from metadata.records import Content, NewObject, Properties
from s3api.access.key_generation import ROOT_OWNER
from tests.bench.compare import ACCESS, SECRET, start, wait_for
from tests.services import free_port

ROUNDS = 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=1_000_000)
    many = parser.parse_args().keys
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sixfold-bench-")))
        data = work / "data"
        data.mkdir()
        asyncio.run(fill(data / "metadata.sqlite3", {"few": 1000, "many": many}))
        port = free_port()
        command = [sys.executable, "-m", "s3api", "--port", str(port), "--data", str(data)]
        start(stack, [*command, "--access-key", ACCESS, "--secret-key", SECRET], work / "log")
        wait_for(f"http://127.0.0.1:{port}/api/health/ready")
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
        )
        few, lots = measure(client, "few"), measure(client, "many")
        print(
            f"Delimiter='/': {few * 1e3:.2f} ms at 1,000 keys under a prefix, {lots * 1e3:.2f} ms at {many:,}"
        )
        print(f"{lots / few:.2f} times")


async def fill(path: Path, buckets: dict[str, int]) -> None:
    """Fill each bucket with empty objects below one prefix, and one object before and after it."""
    store = await open_metadata(f"sqlite:///{path}", instance="bench")
    for bucket, count in buckets.items():
        await store.buckets.create(bucket, region="us-east-1", owner=ROOT_OWNER, now_us=1)
        keys = ["before", *(f"logs/{number:08d}" for number in range(count)), "zebra"]
        for at in range(0, len(keys), 5000):
            await asyncio.gather(*(store.objects.put(empty(bucket, key)) for key in keys[at : at + 5000]))
    await store.close()


def empty(bucket: str, key: str) -> NewObject:
    return NewObject(
        bucket=bucket,
        key=key,
        data_id=key.encode()[-16:].rjust(16),
        etag="d41d8cd98f00b204e9800998ecf8427e",
        modified_us=1,
        owner=ROOT_OWNER,
        properties=Properties(),
        checksum=None,
        content=Content(0),
    )


def measure(client: Any, bucket: str) -> float:
    """Return the median seconds of a listing, whose result is checked."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        page = client.list_objects_v2(Bucket=bucket, Delimiter="/")
        took.append(time.perf_counter() - started)
        assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["logs/"]
        assert [item["Key"] for item in page["Contents"]] == ["before", "zebra"]
    return statistics.median(took)


if __name__ == "__main__":
    main()
