"""A gateway over six real Redis servers, which tests kill, pause and restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.gateway_process import GatewayProcess
from tests.services import Service, redis_server

QUICK = {
    "SIXFOLD_NODE_TIMEOUT_S": "1",
    "SIXFOLD_NODE_REFRESH_S": "0.5",
    "SIXFOLD_REAP_AFTER_S": "0",
}


@dataclass
class Cluster:
    """A gateway and its Redis servers."""

    nodes: list[Service]
    gateway: GatewayProcess

    def status(self) -> list[bool]:
        """Which nodes are up, as the gateway sees them."""
        with self.gateway.http() as client:
            return [node["up"] for node in client.get("/api/nodes").json()["nodes"]]


@contextmanager
def six_redis(tmp_path: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Cluster]:
    """Start six Redis servers with `options`, and a gateway over them."""
    nodes = [redis_server(tmp_path / f"redis-{n}", *options) for n in range(6)]
    addresses = [part for node in nodes for part in ("--node", f"redis://127.0.0.1:{node.port}/0")]
    try:
        with GatewayProcess(
            tmp_path / "data", *addresses, environment=QUICK | (environment or {})
        ) as gateway:
            yield Cluster(nodes, gateway)
    finally:
        for node in nodes:
            node.kill()


def eventually(what: Callable[[], bool], *, within_s: float = 15.0) -> None:
    """Wait until a condition on another process holds."""
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, f"the condition did not hold within {within_s} s"
        time.sleep(0.05)
