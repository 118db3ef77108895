"""A service that starts before what it needs says so and waits; it does not die."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests import services
from tests.gateway_process import POLL_S, GatewayProcess, clean_environment
from tests.postgres import postgres_server

WITHIN_S = 30.0


def until(true: Callable[[], bool], told: Callable[[], str]) -> None:
    """A log is all that a process tells of its waiting: read it until it says so."""
    deadline_s = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline_s, told()
        time.sleep(POLL_S)


def test_the_gateway_waits_for_its_database(tmp_path: Path) -> None:
    with postgres_server() as server:
        server.stop(mode="fast")
        gateway = GatewayProcess(tmp_path / "data", "--database", server.url)
        gateway.start(wait=False)
        try:
            until(lambda: "waiting: PostgreSQL does not answer" in gateway.log(), gateway.log)
            server.start()
            gateway.wait_ready()
            gateway.s3().create_bucket(Bucket="waited")
        finally:
            gateway.stop()
        assert server.url.rpartition(":")[0] not in gateway.log()  # which has the password


def test_a_node_waits_for_its_redis_and_the_gateway_for_its_nodes(tmp_path: Path) -> None:
    redis = services.redis_server(tmp_path / "redis")
    redis.stop()
    nodes = [
        services.chunkd(tmp_path / f"node{number}", f"redis://127.0.0.1:{redis.port}/{number}")
        for number in range(6)
    ]
    options = [f"--node=http://127.0.0.1:{node.port}" for node in nodes]
    gateway = GatewayProcess(tmp_path / "data", *options)
    try:
        until(lambda: "waiting for redis://" in nodes[0].log.read_text(), nodes[0].log.read_text)
        assert httpx.get(f"http://127.0.0.1:{nodes[0].port}/health").status_code == 503
        gateway.start(wait=False)
        until(lambda: "0 of 6 nodes answer: too few to write to" in gateway.log(), gateway.log)
        redis.start()
        gateway.wait_ready()
        until(lambda: "6 of 6 nodes answer: objects can be written" in gateway.log(), gateway.log)
        until(lambda: "/0 answers" in nodes[0].log.read_text(), nodes[0].log.read_text)
        gateway.s3().create_bucket(Bucket="waited")
        gateway.s3().put_object(Bucket="waited", Key="k", Body=b"v")
    finally:
        gateway.stop()
        for service in (*nodes, redis):
            service.stop()


def test_a_node_may_be_added_before_it_answers(tmp_path: Path) -> None:
    port = services.free_port()
    log = tmp_path / "add.log"
    command = [sys.executable, "-c", "from s3api.cli import main; main()", "node", "add"]
    command += [f"http://127.0.0.1:{port}", "--data", str(tmp_path / "data")]

    def again(*options: str) -> int:
        done = subprocess.run([*command, *options], env=clean_environment(), capture_output=True, check=False)
        return done.returncode

    with log.open("wb") as output:
        add = subprocess.Popen(
            [*command, "--wait", "60"], env=clean_environment(), stdout=output, stderr=output
        )
    until(lambda: "waiting: http://127.0.0.1" in log.read_text(), log.read_text)
    node = services.chunkd(tmp_path / "node", "memory://", port=port)
    try:
        assert add.wait(WITHIN_S) == 0, log.read_text()
        assert "node 1 is http://" in log.read_text()
        assert again() == 1
        assert again("--if-missing") == 0
    finally:
        node.stop()
