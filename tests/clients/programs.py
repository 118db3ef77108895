"""Run S3 client programs as users do, each test with its own home directory and settings.

Every command and what it printed goes to standard output, so `pytest -rP tests/clients` is a transcript.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess, clean_environment

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
TIMEOUT_S = 120
SHOWN_LINES = 12


def program(name: str) -> str:
    """Path of a program, beside this Python or on PATH. A missing program fails the test."""
    return shutil.which(name, path=PATH) or pytest.fail(f"{name} is not installed; tests/run installs it")


class Programs:
    """Runs programs in `home`, with the endpoint and keys in the environment that AWS's tools read."""

    def __init__(self, home: Path, gateway: GatewayProcess, more: Mapping[str, str] | None = None) -> None:
        self.home, self.gateway = home, gateway
        self.environment = clean_environment() | {
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PATH": PATH,
            "AWS_ACCESS_KEY_ID": gateway.access_key,
            "AWS_SECRET_ACCESS_KEY": gateway.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": gateway.endpoint,
            **(more or {}),
        }

    def run(self, name: str, *arguments: str | Path, code: int = 0) -> str:
        """Run a program and return its standard output. An exit code other than `code` fails the test."""
        words = [str(argument) for argument in arguments]
        done = subprocess.run(
            [program(name), *words],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        also = done.stderr.decode(errors="replace")
        print(f"$ {shlex.join([name, *words])}".replace(str(self.home), "~"))
        print(shortened(said + also))
        assert done.returncode == code, f"{name} {words} ended with {done.returncode}: {said}{also}"
        return said

    def curl(self, *arguments: str | Path) -> bytes:
        """Run curl and return the body. An HTTP error fails the test."""
        target = self.home / "curl.out"
        self.run("curl", "--silent", "--show-error", "--fail-with-body", "--output", target, *arguments)
        body = target.read_bytes() if target.exists() else b""
        target.unlink(missing_ok=True)
        return body


def shortened(text: str) -> str:
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
    if len(lines) > SHOWN_LINES:
        lines[SHOWN_LINES // 2 : -SHOWN_LINES // 2] = [f"... {len(lines) - SHOWN_LINES} lines more"]
    return "\n".join(lines)
