"""/api/status and `sixfold status`: how a gateway fares, for programs and for people."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from metadata.records import Replication
from s3api.cli.status import _copies
from tests.gateway_process import GatewayProcess, clean_environment
from tests.observe.test_metrics import use, wait_for_workers


def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    program = "from s3api.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environment() | more,
    )


def test_what_it_says(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with GatewayProcess(data, "--workers", "2", own_keys=True) as gateway:
        gateway.access_key, gateway.secret_key = _pair(data)
        wait_for_workers(gateway, 2)
        use(gateway, "used")
        with gateway.http() as client:
            found = client.get("/api/status").json()
        drawn = command("status", "--data", str(data))
        as_json = command("status", "--data", str(data), "--json")
        elsewhere = command("status", "--data", str(data), "--endpoint", gateway.endpoint)
    assert found["workers"] == 2
    assert found["version"]
    assert 0 < found["uptime_s"] < 60
    assert found["database"]["up"]
    assert 0 < found["database"]["latency_ms"] < 5000
    assert (found["nodes"]["up"], found["nodes"]["all"], found["nodes"]["writable"]) == (6, 6, True)
    assert found["nodes"]["list"][0]["address"] == "lmdb:chunks#1"
    assert found["queues"].keys() >= {"repair", "garbage", "pending"}
    assert found["requests"]["in_flight"] >= 1
    assert found["caches"]["memory"].keys() == {"hits", "misses", "hit_ratio", "bytes"}
    for done in (drawn, elsewhere):
        assert done.returncode == 0, done.stderr
        for word in ("up 0:00:", "2 worker(s)", "6 of 6 up", "lmdb:chunks#6", "garbage", "memory cache"):
            assert word in done.stdout, word
    assert '"version"' in as_json.stdout
    gone = command("status", "--data", str(data))
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)


def _pair(data: Path) -> tuple[str, str]:
    lines = dict(
        line.split(" = ") for line in (data / "credentials").read_text().splitlines() if " = " in line
    )
    return lines["aws_access_key_id"], lines["aws_secret_access_key"]


def test_elsewhere_it_wants_a_key_pair(tmp_path: Path) -> None:
    closed = {"SIXFOLD_REST_OPEN": "false"}
    with GatewayProcess(tmp_path / "data", environment=closed) as gateway, gateway.http() as client:
        assert client.get("/api/status").status_code == 401
        both = (gateway.access_key, gateway.secret_key)
        assert client.get("/api/status", auth=both).json()["workers"] == 1
        given = {"SIXFOLD_ACCESS_KEY": both[0], "SIXFOLD_SECRET_KEY": both[1]}
        assert command("status", "--data", str(gateway.data), **given).returncode == 0
        assert "SIXFOLD_ACCESS_KEY" not in os.environ


@pytest.mark.parametrize(
    ("replication", "said"),
    [
        (None, ""),
        ((False, 0, None, None), ""),
        ((False, 2, 0.25, 2048), "; 2 standby(s), 0.2 s (2.0 KiB) behind"),
        ((False, 1, None, None), "; 1 standby(s), an unknown time behind"),
        ((True, 0, 3.0, 0), "; it is a standby, 3.0 s (0 B) behind"),
    ],
)
def test_how_far_copies_are_behind(replication: tuple[Any, ...] | None, said: str) -> None:
    told = asdict(Replication(*replication)) if replication else None
    assert Text.from_markup(_copies(told)).plain == said
