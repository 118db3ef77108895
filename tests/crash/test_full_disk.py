"""On a full disk, an embedded store refuses writes and nothing else.

The gateway runs in a mount namespace of its own, with a small tmpfs as its data directory.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.crash.redis_nodes import eventually
from tests.gateway_process import GatewayProcess

DISK_BYTES = 96 << 20
BUCKET = "full"
SIZES = (100, 5_000, 70_000, 900_000, 7 << 20)
MOUNTED = ("unshare", "--map-root-user", "--mount", "sh", "-c")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    data = tmp_path / "data"
    data.mkdir()
    mount = f"mount -t tmpfs -o size={DISK_BYTES} none {data}"
    if subprocess.run([*MOUNTED, mount], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system in a namespace of its own")
    within = (*MOUNTED, f'{mount} && exec "$@"', "sh")
    with GatewayProcess(data, environment={"SIXFOLD_REAP_AFTER_S": "1"}, within=within) as started:
        yield started


def put(s3: Any, key: str, body: bytes) -> int:
    """PUT an object and return the HTTP status."""
    try:
        answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    except ClientError as error:
        answer = error.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


def fill(s3: Any, kept: dict[str, bytes], prefix: str) -> None:
    """PUT objects of all sizes until every size is refused. A refusal must be a 507."""
    refused = 0
    for n in range(5_000):
        key, body = f"{prefix}/{n}", os.urandom(SIZES[n % len(SIZES)])
        status = put(s3, key, body)
        assert status in (200, 507)
        if status == 200:
            kept[key], refused = body, 0
            continue
        refused += 1
        if refused == 3 * len(SIZES):
            return
    raise AssertionError("the disk did not fill up")


def check(s3: Any, kept: dict[str, bytes]) -> None:
    for key, body in kept.items():
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body, key


def test_a_full_disk_refuses_writes_and_nothing_else(gateway: GatewayProcess) -> None:
    s3 = gateway.s3(retries={"total_max_attempts": 1})
    s3.create_bucket(Bucket=BUCKET)
    kept: dict[str, bytes] = {}
    fill(s3, kept, "first")
    check(s3, kept)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == len(kept)
    gone = list(kept)[::2]
    for key in gone:
        s3.delete_object(Bucket=BUCKET, Key=key)
        del kept[key]

    eventually(lambda: put(s3, "again", b"there is room again" * 9_000) == 200, within_s=30)
    fill(s3, kept, "second")  # the holes are written to again
    assert any(key.startswith("second/") for key in kept)
    check(s3, kept)
    log = gateway.log()
    assert 0 < log.count("is full; it can be read and deleted from") <= 6
    assert "is down" not in log
    assert "Traceback" not in log
