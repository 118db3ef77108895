"""Two gateways over one PostgreSQL and six Redis servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.redis_nodes import QUICK
from tests.gateway_process import GatewayProcess
from tests.postgres import postgres_server
from tests.services import redis_server


@contextmanager
def two_gateways(home: Path) -> Iterator[list[GatewayProcess]]:
    """Run the gateways, the PostgreSQL server and the Redis servers."""
    nodes = [redis_server(home / f"redis-{n}") for n in range(6)]
    addresses = [part for node in nodes for part in ("--node", f"redis://127.0.0.1:{node.port}/0")]
    try:
        with postgres_server() as database:
            options = [*addresses, "--database", database.url]
            with (
                GatewayProcess(home / "one", *options, environment=QUICK) as one,
                GatewayProcess(home / "two", *options, environment=QUICK) as two,
            ):
                yield [one, two]
    finally:
        for node in nodes:
            node.kill()
