"""Measure the peak memory of the gateway during eight parallel PUTs of 1 GiB.

    python -m tests.bench.memory [--puts 8] [--bytes 1073741824]

Needs curl. The bytes come from a sparse file, over presigned URLs, to an embedded store in a temporary
directory. VmHWM of /proc counts every resident page, those of mapped files too; RssAnon is what the process
allocated itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import boto3
from botocore.config import Config

from tests.bench.compare import ACCESS, SECRET, start, wait_for
from tests.services import free_port

GIB = 1 << 30


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--puts", type=int, default=8)
    parser.add_argument("--bytes", type=int, default=GIB)
    wanted = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sixfold-bench-")))
        with (work / "body").open("wb") as body:
            body.truncate(wanted.bytes)
        port = free_port()
        command = [sys.executable, "-m", "s3api", "--port", str(port), "--data", str(work / "data")]
        server = start(stack, [*command, "--access-key", ACCESS, "--secret-key", SECRET], work / "log")
        wait_for(f"http://127.0.0.1:{port}/api/health/ready")
        before = status(server.pid)
        seconds = put_all(port, work / "body", wanted.puts)
        after = status(server.pid)
        total = wanted.puts * wanted.bytes
        rate = total / seconds / 1e6
        print(f"{wanted.puts} PUTs of {wanted.bytes / GIB:.2f} GiB at once: {rate:.0f} MB/s in sum")
        print(f"resident at start {before['VmRSS']} MB, at most {after['VmHWM']} MB")
        print(f"allocated now {after['RssAnon']} MB")


def put_all(port: int, body: Path, count: int) -> float:
    """Upload the file `count` times in parallel, and return the seconds that took."""
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4"),
    )
    client.create_bucket(Bucket="bench")
    started = time.perf_counter()
    commands = []
    for number in range(count):
        url = client.generate_presigned_url("put_object", {"Bucket": "bench", "Key": f"big/{number}"})
        commands.append(["curl", "-sSf", "-o", "/dev/null", "-H", "Expect:", "-T", str(body), url])
    running = [subprocess.Popen(command) for command in commands]
    if any(process.wait() for process in running):
        raise SystemExit("an upload failed")
    return time.perf_counter() - started


def status(pid: int) -> dict[str, int]:
    """Memory figures of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.startswith(("Vm", "Rss")))
    return {name.rstrip(":"): int(value) // 1000 for name, value, *_ in fields}


if __name__ == "__main__":
    main()
