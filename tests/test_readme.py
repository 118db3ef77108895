"""README's commands do what it says, one after the other, as somebody pastes them into a fresh checkout.

The blocks are found by reading README, and a block that no rule below knows how to prove fails the test. Two
things differ from what a reader does: packages come from the environment that runs the tests (what is built
and installed is this checkout alone), and ports are free ones, so that two runs do not meet.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gateway_process import POLL_S, READY_WITHIN_S, clean_environment, free_port
from tests.services import redis_server

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = "python3 -m venv .venv && .venv/bin/pip install --quiet . && .venv/bin/sixfold serve"
PORT, REDIS_PORT = "8260", "6399"
# All tests would run themselves; a benchmark takes minutes and belongs into no test.
NOT_RUN = ("tests/run", "python -m tests.bench", "python tests/bench/", "tests/bench/")
# What must be in the output of the block that has this line.
SHOWS = {
    "aws s3 mb s3://photos": [
        "make_bucket: photos", " notes/readme.md", " docker/redis.conf", "/photos/notes/readme.md?",
    ],
    'Key="hello.txt"': ["b'hello'"],
    "curl -X PUT -F file=@README.md": ['{"id":"', "README.md"],
    "sixfold config check --connect": [
        "ok     data: ", "its tables are of this version", "7 of 7 up", '{"changed":[],"restart":[]}',
    ],
    "sixfold node add redis://": ["node 7 is redis://", "lmdb:chunks#1", "\n 7     redis://"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str


def blocks() -> list[Block]:
    return [Block(*found.groups()) for found in BLOCK.finditer((ROOT / "README.md").read_text())]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of what git would commit now, in which nothing was ever started."""

    root: Path
    environment: dict[str, str]
    ports: dict[str, str]

    def shell(self, script: str, stdin: str = "") -> str:
        """What a bash that stops at the first failure printed, with the ports of this test."""
        for written, real in self.ports.items():
            script = script.replace(written, real)
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", script],
            input=stdin,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        print(done.stderr, done.stdout, sep="\n")
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    root = tmp_path / "sixfold"
    for name in tracked_files():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    redis = redis_server(tmp_path / "redis")
    ports = {PORT: str(free_port()), REDIS_PORT: str(redis.port)}
    bin_directories = [str(root / ".venv" / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = clean_environment() | {
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join(bin_directories),
        "SIXFOLD_PORT": ports[PORT],
    }
    yield Checkout(root, environment, ports)
    redis.stop()


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def test_every_command(checkout: Checkout) -> None:
    start, *others = blocks()
    assert start == Block("sh", START + "\n")
    install(checkout)
    exports = ""
    ran: set[str] = set()
    with started(checkout, START.rpartition(" && ")[2]):
        for block in others:
            if block.text.startswith("export "):
                exports += block.text
            elif block.text.startswith(NOT_RUN):
                assert_there(block.text)
            else:
                said = run(checkout, exports, block)
                known = [line for line in SHOWS if line in block.text]
                assert known, f"nobody knows what this must show:\n{block.text}"
                assert [want for want in SHOWS[known[0]] if want not in said] == []
                ran.update(known)
    assert ran == set(SHOWS)


def run(checkout: Checkout, exports: str, block: Block) -> str:
    if block.language == "python":
        return checkout.shell(exports + "python -", stdin=block.text)
    assert block.language == "sh"
    return checkout.shell(exports + block.text)


def assert_there(command: str) -> None:
    """The program that a command names exists and may be started."""
    words = command.split()
    name = words[2].replace(".", "/") + ".py" if words[1:2] == ["-m"] else words[words[0] == "python"]
    path = ROOT / name
    assert path.is_file()
    assert words[0] == "python" or os.access(path, os.X_OK)


def install(checkout: Checkout) -> None:
    """The first two commands of START, for this checkout alone; what it needs is here already."""
    venv = checkout.root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        str(venv / "bin" / "python"),
    ]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "."], cwd=checkout.root, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "prepared.pth").write_text(sysconfig.get_path("purelib") + "\n")


@contextmanager
def started(checkout: Checkout, command: str) -> Iterator[None]:
    """The store as README starts it; it must print what README says, and be there to stop at the end."""
    log = checkout.root.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.split(), cwd=checkout.root, env=checkout.environment, stdout=output, stderr=output
        )
    endpoint = f"http://127.0.0.1:{checkout.ports[PORT]}"
    try:
        wait_ready(process, endpoint, log)
        printed = log.read_text()
        assert endpoint in printed
        assert sum(f"{word} " in printed for word in ("aws", "python", "curl")) == 3
        data = checkout.root / "sixfold-data"
        assert stat.S_IMODE((data / "credentials").stat().st_mode) == 0o600
        yield
        assert process.poll() is None, log.read_text()
        nodes = json.loads(httpx.get(f"{endpoint}/api/nodes").content)["nodes"]
        assert all(node["up"] for node in nodes)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(READY_WITHIN_S)


def wait_ready(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if httpx.get(f"{endpoint}/api/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(POLL_S)
