"""The commands of README and of docs/ work in a fresh checkout, pasted one after the other.

The test reads the blocks of README, then those of each page by its name. It runs every `sh` and `python`
block and fails for a block without an entry in SHOWS; `text` blocks are not run. Two things differ from what
a reader does: packages come from the environment that runs the tests (only this checkout is built and
installed), and ports are free ones, so that two runs do not collide.
"""

from __future__ import annotations

import importlib.util
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
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# tests/run would run this test again; a benchmark takes minutes.
NOT_RUN = ("tests/run", "python -m tests.bench", "python tests/bench/", "tests/bench/")
INSTALL = "pip install "
# The texts that the output of a block with this line must contain.
SHOWS = {
    "aws s3 mb s3://photos": ["make_bucket: photos", " notes/readme.md", " docker/redis.conf"],
    "aws s3 presign": ["/photos/notes/readme.md?", "X-Amz-Signature="],
    'Key="hello.txt"': ["b'hello'"],
    "curl -X PUT -F file=@README.md": ['{"id":"', "README.md"],
    "sixfold config check --connect": [
        "ok     data: ", "tables are up to date", "7 of 7 up", '{"changed":[],"restart":[]}',
    ],
    "sixfold node add redis://": ["node 7 is redis://", "lmdb:chunks#1", "\n 7     redis://"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are to be run."""
    found = [Block(*match.groups()) for match in BLOCK.finditer(page.read_text())]
    assert {block.language for block in found} <= {"sh", "python", "text"}, page
    return [block for block in found if block.language != "text"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the files that git would commit now, in which nothing was ever started."""

    root: Path
    environment: dict[str, str]
    ports: dict[str, str]

    def shell(self, script: str, stdin: str = "") -> str:
        """Run a script in bash, up to its first failure, with the ports of this test. Return its output."""
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
    start = blocks(PAGES[0])[0]
    assert start == Block("sh", START + "\n")
    install(checkout)
    ran: set[str] = set()
    with started(checkout, START.rpartition(" && ")[2]):
        for page in PAGES:
            ran |= run_page(checkout, [block for block in blocks(page) if block != start])
    assert ran == set(SHOWS)


def run_page(checkout: Checkout, todo: list[Block]) -> set[str]:
    """Run the blocks of one page. Return the keys of SHOWS that they had."""
    exports = ""
    ran: set[str] = set()
    for block in todo:
        if block.text.startswith("export "):
            exports += block.text
        elif block.text.startswith(INSTALL):
            assert importlib.util.find_spec(block.text.removeprefix(INSTALL).strip()), block.text
        elif block.text.startswith(NOT_RUN):
            assert_there(block.text)
        else:
            output = run(checkout, exports, block)
            known = [line for line in SHOWS if line in block.text]
            assert known, f"SHOWS has no entry for this block:\n{block.text}"
            assert [want for want in SHOWS[known[0]] if want not in output] == []
            ran.update(known)
    return ran


def run(checkout: Checkout, exports: str, block: Block) -> str:
    if block.language == "python":
        return checkout.shell(exports + "python -", stdin=block.text)
    assert block.language == "sh"
    return checkout.shell(exports + block.text)


def assert_there(command: str) -> None:
    """Assert that the program of a command exists and is executable."""
    words = command.split()
    name = words[2].replace(".", "/") + ".py" if words[1:2] == ["-m"] else words[words[0] == "python"]
    path = ROOT / name
    assert path.is_file()
    assert words[0] == "python" or os.access(path, os.X_OK)


def install(checkout: Checkout) -> None:
    """Run the first two commands of START, without the dependencies: these are installed already."""
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
    """Start the store as README does. It must print what README says, and still run at the end."""
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
