"""Start a server on a free port with a temporary directory, and run this suite against it.

    python -m compat_tests.against sixfold     exactly the tests of sixfold_differences.txt must fail
    python -m compat_tests.against moto        exactly those of moto_differences.txt

Further arguments go to pytest. The exit code is pytest's, or 1 if the server does not start.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
START_S = 60.0
STOP_S = 20.0
POLL_S = 0.05
REGION, VHOST_DOMAIN = "us-east-1", "s3.localhost"
ACCESS_KEY, SECRET_KEY = "COMPATTESTSCOMPATTES", "a-secret-for-compatibility-tests-00000000"


class Server(NamedTuple):
    """How to start a server, and the pytest options of its known differences.

    `command` takes a port and a directory and gives the arguments of Python. `domain`: the domain of
    virtual-hosted addresses, or "".
    """

    command: Callable[[int, Path], list[str]]
    environment: dict[str, str]
    pytest_options: list[str]
    domain: str = ""


SERVERS = {
    "sixfold": Server(
        lambda port, directory: ["-m", "s3api", "--port", str(port), "--data", str(directory / "data")],
        {
            "SIXFOLD_ACCESS_KEY": ACCESS_KEY,
            "SIXFOLD_SECRET_KEY": SECRET_KEY,
            "SIXFOLD_DOMAINS": VHOST_DOMAIN,
            "SIXFOLD_ACCESS_LOG": "all",
        },
        ["--expect-differences", str(HERE / "sixfold_differences.txt")],
        VHOST_DOMAIN,
    ),
    "moto": Server(
        lambda port, directory: ["-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        {},
        ["--expect-differences", str(HERE / "moto_differences.txt")],
    ),
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in SERVERS:
        print(
            f"usage: python -m compat_tests.against {'|'.join(SERVERS)} [pytest's options]", file=sys.stderr
        )
        return 2
    server, options = SERVERS[arguments[0]], arguments[1:]
    with tempfile.TemporaryDirectory(prefix="compat-") as directory:
        try:
            log = Path(directory) / "log"
            with running(server, Path(directory), log) as port:
                return run_tests(server, port, log, options)
        except RuntimeError as why:
            print(why, file=sys.stderr)
            return 1


def run_tests(server: Server, port: int, log: Path, options: list[str]) -> int:
    """Exit code of pytest, run over the server at `port` whose output is in `log`."""
    environment = outer_environment("COVERAGE_") | {
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "S3_SERVER_LOG": str(log),
    }
    if server.domain:
        environment["S3_VHOST_DOMAIN"] = server.domain
    command = [sys.executable, "-m", "pytest", str(HERE), "-q", *server.pytest_options, *options]
    return subprocess.run(command, env=environment, cwd=HERE.parent, check=False).returncode


@contextmanager
def running(server: Server, directory: Path, log_path: Path) -> Iterator[int]:
    """Start the server, yield its port, and stop it. Raises RuntimeError if it does not start."""
    port = free_port()
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *server.command(port, directory)],
            env=outer_environment() | server.environment,
            stdout=log,
            stderr=log,
            cwd=HERE.parent,
        )
    try:
        if not listens(process, port):
            raise RuntimeError(f"the server did not start:\n{log_path.read_text(errors='replace')}")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Connect until it works (True), the process ends, or START_S have passed (False)."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return True
    return False


def outer_environment(*prefixes: str) -> dict[str, str]:
    """Environment of this process without settings of Sixfold, chunkd, AWS and S3, and without `prefixes`."""
    left_out = ("SIXFOLD_", "CHUNKD_", "AWS_", "S3_", *prefixes)
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
