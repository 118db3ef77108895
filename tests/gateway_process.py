"""Run `sixfold serve` in a process, for tests that connect to it over a socket.

    with GatewayProcess(tmp_path) as gateway:
        gateway.s3().list_buckets()

`start` waits until /api/health/ready answers 200. If that takes too long it fails with the log.
"""

from __future__ import annotations

import configparser
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import httpx
from botocore.config import Config

from tests import failure_report

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
POLL_S = 0.05
ACCESS_KEY, SECRET_KEY = "SFTESTTESTTESTTEST00", "a-secret-for-tests-and-nothing-else-0000"


class GatewayProcess:
    """A gateway process and its data directory. `restart` starts a new process on the same data and port.

    `options`: of the command line. `environment`: added to the clean environment, which has no SIXFOLD_* and
    AWS_*. `own_keys`: let the gateway make its key pair. `ca`: the CA to trust if the options enable https.
    `within`: a command that runs the gateway's command.
    """

    def __init__(
        self,
        data: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        own_keys: bool = False,
        ca: Path | None = None,
        within: Sequence[str] = (),
    ) -> None:
        self.data, self.options, self.within = data, options, within
        self.port = free_port()
        self.ca = ca
        self.endpoint = f"{'https' if ca else 'http'}://127.0.0.1:{self.port}"
        self.access_key, self.secret_key = ACCESS_KEY, SECRET_KEY
        self.log_path = data.with_name(data.name + ".log")
        self.environment = clean_environment() | (environment or {})
        if not own_keys:
            self.environment |= {"SIXFOLD_ACCESS_KEY": ACCESS_KEY, "SIXFOLD_SECRET_KEY": SECRET_KEY}
        if "--config" not in options:  # whose settings an environment variable would override
            self.environment.setdefault("SIXFOLD_ACCESS_LOG", "all")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        command = [sys.executable, "-m", "s3api", "--port", str(self.port), "--data", str(self.data)]
        failure_report.gateway_started(self.log_path, self.endpoint)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.within, *command, *self.options],
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.data.parent,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self, within_s: float = READY_WITHIN_S) -> None:
        deadline = time.monotonic() + within_s
        while not self.is_ready():
            if not self.is_running():
                raise AssertionError(f"the gateway ended before it was ready:\n{self.log()}")
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the gateway was not ready within {within_s} s:\n{self.log()}")
            time.sleep(POLL_S)

    def is_ready(self) -> bool:
        try:
            with self.http() as client:
                return client.get("/api/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def use_own_keys(self) -> None:
        """Sign with the key pair that the gateway made at its first start."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(self.data / "credentials")
        self.access_key = parser["default"]["aws_access_key_id"]
        self.secret_key = parser["default"]["aws_secret_access_key"]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as an operator does, and return its exit code."""
        return self._end(how)

    def kill(self) -> None:
        """Kill it without cleanup (SIGKILL)."""
        self._end(signal.SIGKILL)

    def cut_power(self) -> None:
        """Kill it and its workers at once; `kill` would leave the workers time to shut down."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        workers = [os.pidfd_open(int(child)) for child in children]
        self.kill()
        for worker in workers:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(worker, signal.SIGKILL)
            select.select([worker], [], [])  # it has ended
            os.close(worker)

    def restart(self) -> None:
        if self.is_running():
            self.stop()
        self.start()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def memory_bytes(self) -> int:
        """Current anonymous memory (RssAnon), without mapped files (LMDB)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
        return int(line.split()[1]) * 1024

    def s3(self, **config: Any) -> Any:
        """A boto3 client with defaults, except for path-style addresses (there is no DNS) and no retries."""
        settings = {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}} | config
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(**settings),
            verify=str(self.ca) if self.ca else None,
        )

    def http(self, **options: Any) -> httpx.Client:
        if self.ca:
            options["verify"] = ssl.create_default_context(cafile=self.ca)
        return httpx.Client(base_url=self.endpoint, timeout=60, **options)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        failure_report.gateway_stopped(self.log_path)
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            return self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(
                f"the gateway did not stop within {STOP_WITHIN_S} s:\n{self.log()}"
            ) from None


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("SIXFOLD_", "AWS_"))}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
