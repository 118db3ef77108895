"""Run the compose file as a project of Docker or Podman."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "docker" / "compose.yaml"
PROJECT = "sixfold-test"
READY_WITHIN_S = 120.0
PULL_WITHIN_S = 60.0
COMPLAINT, COMPLAINTS = re.compile(r"WARNING|ERROR|Traceback"), 40
INDEX = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
"""Package index settings of pip, passed on to the build of the image."""


@dataclass
class Stack:
    """A compose project. `engine`: docker or podman. `compose`: the command of compose and its options."""

    engine: str
    compose: list[str]
    environment: dict[str, str]
    left_out: set[str] = field(default_factory=set)

    @classmethod
    def found(cls, environment: dict[str, str]) -> Stack:
        """Find a container engine that answers. Exits if there is none."""
        given = {**os.environ, "BUILDAH_ISOLATION": "chroot", **environment}
        if _answers("docker", "info") and _answers("docker", "compose", "version"):
            return cls("docker", ["docker", "compose", "-p", PROJECT, "-f", str(FILE)], given)
        if _answers("podman", "info") and (compose := shutil.which("podman-compose")):
            return cls("podman", [compose, "-p", PROJECT, "-f", str(FILE)], given)
        sys.exit("docker/test: neither Docker with its compose plugin nor Podman with podman-compose answers")

    # --- images ---

    def build(self, target: str, tag: str) -> None:
        arguments = [
            word for name in INDEX if (value := _pip(name)) for word in ("--build-arg", f"{name}={value}")
        ]
        self._run(self.engine, "build", "-q", "--target", target, "-t", tag, *arguments,
                  "-f", "docker/Dockerfile", ".")  # fmt: skip

    def leave_out_unavailable_images(self) -> None:
        for name, service in self.services().items():
            image = str(service["image"])
            if image.startswith("$") or self._has(image):
                continue
            try:
                self._run(self.engine, "pull", "-q", image, within_s=PULL_WITHIN_S)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                self.left_out.add(name)
                print(f"   {name} is left out: cannot pull {image}", flush=True)

    def image(self, tag: str) -> Any:
        return json.loads(self._run(self.engine, "image", "inspect", tag))[0]

    def in_image(self, tag: str, script: str) -> str:
        """Run a shell script in a new container of an image, and return its output."""
        return self._run(self.engine, "run", "--rm", "--entrypoint", "sh", tag, "-c", script)

    # --- services ---

    def services(self, profile: str | None = None) -> dict[str, Any]:
        """Services of the compose file: those without a profile, or those of `profile`."""
        found: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
        wanted = [profile] if profile else None
        return {name: each for name, each in found.items() if each.get("profiles") == wanted}

    def up(self, profile: str | None = None) -> None:
        names = [name for name in self.services(profile) if name not in self.left_out]
        options = ["--profile", profile] if profile else []
        self._run(*self.compose, *options, "up", "-d", "--no-build", *names)

    def down(self, *options: str) -> None:
        profiles = [word for name in ("grow", "scale", "metrics") for word in ("--profile", name)]
        self._run(*self.compose, *profiles, "down", *options)

    def container(self, service: str) -> str:
        labels = (f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={service}")
        filters = [word for label in labels for word in ("--filter", f"label={label}")]
        found = self._run(self.engine, "ps", "-a", "-q", *filters).split()
        assert len(found) == 1, f"{len(found)} containers of {service}"
        return found[0]

    def inspect(self, service: str) -> Any:
        return json.loads(self._run(self.engine, "inspect", self.container(service)))[0]

    def execute(self, service: str, *command: str) -> str:
        return self._run(self.engine, "exec", self.container(service), *command)

    def logs(self, service: str) -> str:
        """Standard output and error of the container."""
        command = [self.engine, "logs", self.container(service)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        )
        return done.stdout

    def complaints(self) -> str:
        """The last warnings and errors in the logs of every service that has a container."""
        found = []
        for service in yaml.safe_load(FILE.read_text())["services"]:
            with suppress(subprocess.CalledProcessError, AssertionError):
                lines = [line for line in self.logs(service).splitlines() if COMPLAINT.search(line)]
                found += [f"{service}: {line}" for line in lines[-COMPLAINTS:]]
        return "\n".join(found)

    def kill(self, service: str) -> None:
        """Kill the container. It stays down until `start`."""
        self._run(self.engine, "kill", "-s", "KILL", self.container(service))

    def start(self, service: str) -> None:
        self._run(self.engine, "start", self.container(service))

    def crash(self, service: str) -> None:
        """Kill the main process of the container: the engine should restart it."""
        os.kill(self.inspect(service)["State"]["Pid"], signal.SIGKILL)

    # --- mechanics ---

    def _has(self, image: str) -> bool:
        return _answers(self.engine, "image", "inspect", image)

    def _run(self, *command: str, within_s: float = 600) -> str:
        """Run a command and return its standard output. Prints both streams if it fails."""
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=within_s,
                check=True,
            )
        except subprocess.CalledProcessError as failed:
            print(failed.stdout, failed.stderr, sep="\n", file=sys.stderr)
            raise
        return done.stdout


def _answers(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _pip(variable: str) -> str:
    """Value of a pip setting, from its environment variable or configuration."""
    if value := os.environ.get(variable):
        return value
    name = "global." + variable.removeprefix("PIP_").lower().replace("_", "-")
    command: Sequence[str] = (sys.executable, "-m", "pip", "config", "get", name)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def until(what: str, true: Callable[[], bool], within_s: float = READY_WITHIN_S) -> None:
    """Wait until `true()`. Raises AssertionError after `within_s`."""
    deadline_s = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.2)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
