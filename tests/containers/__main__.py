"""The steps of `docker/test`, one function each, in the order in which they run."""

from __future__ import annotations

import argparse
import configparser
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import httpx

from tests.containers.load import BUCKET, Load, wait_for
from tests.containers.stack import ROOT, Stack, is_ready, until
from tests.services import free_port

IMAGE, BALANCER = "sixfold:test", "sixfold-balancer:test"
MOST_BYTES = 300_000_000
COMPAT = (
    "put_object",
    "get_object",
    "list_objects_v2",
    "complete_multipart_upload",
    "presigned",
    "streaming",
)


class Run:
    """State that the steps share."""

    def __init__(self) -> None:
        self.port, self.balancer_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.balancer_url = f"http://127.0.0.1:{self.balancer_port}"
        self.stack = Stack.found(
            {
                "SIXFOLD_IMAGE": IMAGE,
                "BALANCER_IMAGE": BALANCER,
                "SIXFOLD_PORT": str(self.port),
                "BALANCER_PORT": str(self.balancer_port),
                "JAEGER_PORT": str(free_port()),
                "PROMETHEUS_PORT": str(free_port()),
                "GRAFANA_PORT": str(free_port()),
                "PROXY_NETWORK": "172.31.83.0/24",
                "NODE_MAXMEMORY": "256mb",
            }
        )
        self.load: Load

    def ready(self) -> None:
        until("the store is ready", lambda: is_ready(self.url))

    def nodes_up(self) -> int:
        auth = (self.load.access_key, self.load.secret_key)
        answer = httpx.get(f"{self.url}/api/nodes", auth=auth, timeout=30)
        return sum(node["up"] for node in answer.raise_for_status().json()["nodes"])


def build(run: Run) -> None:
    """Build both images. The gateway's is small, has no compiler, and runs as an unprivileged user."""
    run.stack.build("sixfold", IMAGE)
    run.stack.build("balancer", BALANCER)
    size = run.stack.image(IMAGE)["Size"]
    print(f"   {IMAGE}: {size / 1e6:.0f} MB")
    assert size < MOST_BYTES
    found = run.stack.in_image(
        IMAGE, "id -u; command -v cc gcc g++ clang pip apt-get | grep -v apt-get || true"
    )
    assert found.split() == ["10001"], found
    setuid = run.stack.in_image(IMAGE, "find / -xdev -type f -perm /6000 2>/dev/null || true")
    assert not setuid, setuid
    assert "sixfold" in run.stack.in_image(IMAGE, "sixfold --version")
    run.stack.leave_out_unavailable_images()
    if "jaeger" in run.stack.left_out:
        run.stack.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = ""


def up(run: Run) -> None:
    """`up -d`: the store answers; containers have read-only file systems and no new privileges."""
    began = time.monotonic()
    run.stack.up()
    run.ready()
    print(f"   ready {time.monotonic() - began:.0f} s after `up -d`")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(run.stack.execute("gateway", "cat", "/data/credentials"))
    pair = parser["default"]
    run.load = Load(run.url, pair["aws_access_key_id"], pair["aws_secret_access_key"])
    run.load.s3().create_bucket(Bucket=BUCKET)
    assert httpx.get(f"{run.url}/api/file").status_code == 401
    for service in ("gateway", "chunkd1", "redis1"):
        about = run.stack.inspect(service)
        assert about["HostConfig"]["ReadonlyRootfs"], service
        assert about["HostConfig"]["Memory"], service
        assert about["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", service
    for service in ("gateway", "chunkd1"):
        status = run.stack.execute(service, "cat", "/proc/1/status")
        assert "CapEff:\t0000000000000000" in status, service
        assert "NoNewPrivs:\t1" in status, service
    run.stack.execute("gateway", "healthy", "http://127.0.0.1:8260/api/health/ready")
    run.stack.execute("chunkd1", "healthy", "http://127.0.0.1:8261/health")
    until("all nodes are up", lambda: run.nodes_up() == 6)


def secrets(run: Run) -> None:
    """No secret is in an image or in the environment of a service."""
    token = run.stack.execute("chunkd1", "cat", "/secrets/nodes/token").strip()
    password = run.stack.execute("gateway", "cat", "/secrets/database/password").strip()
    assert len(token) == len(password) == 64
    for service in ("gateway", "chunkd1"):
        about = str(run.stack.inspect(service)["Config"]["Env"]) + str(run.stack.image(IMAGE))
        assert token not in about
        assert password not in about
        assert run.load.secret_key not in about
    assert password not in run.stack.logs("gateway")


def compat(run: Run, url: str | None = None) -> None:
    """Run a part of the compatibility tests."""
    environment = os.environ | {
        "S3_ENDPOINT_URL": url or run.url,
        "AWS_ACCESS_KEY_ID": run.load.access_key,
        "AWS_SECRET_ACCESS_KEY": run.load.secret_key,
        "AWS_REGION": "us-east-1",
    }
    tests = [f"compat_tests/test_{name}.py" for name in COMPAT]
    expected = ("--expect-differences", "compat_tests/sixfold_differences.txt")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *expected, *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print("   " + done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout


def kill(service: str) -> Callable[[Run], None]:
    def step(run: Run) -> None:
        refused = len(run.load.refused)
        with run.load.running():
            wait_for(run.load, 10)
            run.stack.kill(service)
            wait_for(run.load, 20)
            run.stack.start(service)
            wait_for(run.load, 10)
        until("all nodes are up", lambda: run.nodes_up() == 6)
        failed = len(run.load.refused) - refused
        print(f"   {run.load.check()} objects are whole; {failed} requests were refused")

    step.__doc__ = f"{service} is killed under load and started again; reads and writes go on."
    return step


def kill_wholly(service: str) -> Callable[[Run], None]:
    def step(run: Run) -> None:
        with run.load.running():
            wait_for(run.load, 10)
            run.stack.kill(service)
            until("requests are refused", lambda: not is_ready(run.url), 30)
            run.stack.start(service)
            run.ready()
            wait_for(run.load, 10)
        print(f"   {run.load.check()} objects are whole")

    step.__doc__ = f"{service}, of which there is one, is killed under load and started again."
    return step


def crash(run: Run) -> None:
    """A chunkd and the gateway crash: the engine restarts them."""
    for service in ("chunkd2", "gateway"):
        before = run.stack.inspect(service)["State"]["Pid"]
        run.stack.crash(service)
        until(f"{service} runs again", partial(_runs_anew, run, service, before))
    run.ready()
    until("all nodes are up", lambda: run.nodes_up() == 6)
    print(f"   {run.load.check()} objects are whole")


def _runs_anew(run: Run, service: str, before: int) -> bool:
    return run.stack.inspect(service)["State"]["Pid"] not in (0, before)


def grow(run: Run) -> None:
    """`--profile grow up -d` adds a seventh node to the running store, and new objects go there."""
    run.stack.up("grow")
    until("the seventh node is up", lambda: run.nodes_up() == 7)
    with run.load.running():
        wait_for(run.load, 30)
    chunks = int(run.stack.execute("redis7", "redis-cli", "dbsize"))
    print(f"   {chunks} keys on the new node; {run.load.check()} objects are whole")
    assert chunks > 10
    run.stack.up("grow")  # once more: there is nothing to do, and that is no failure
    until("`grow` has ended", lambda: run.stack.inspect("grow")["State"]["Status"] == "exited")
    assert run.stack.inspect("grow")["State"]["ExitCode"] == 0, run.stack.logs("grow")


def scale(run: Run) -> None:
    """`--profile scale up -d`: three gateways behind HAProxy; one after the other is restarted under load."""
    run.stack.up("scale")
    until("the balancer serves", lambda: is_ready(run.balancer_url))
    compat(run, run.balancer_url)
    balanced = Load(run.balancer_url, run.load.access_key, run.load.secret_key, run.load.kept)
    for service in ("gateway2", "gateway3"):
        until(f"{service} is ready", partial(_answers, run, service))
    with balanced.running(tries=2):
        for service in ("gateway", "gateway2", "gateway3"):
            wait_for(balanced, 15)
            run.stack.kill(service)
            wait_for(balanced, 15)
            run.stack.start(service)
            until(f"{service} answers", partial(_answers, run, service))
    run.ready()
    failed = len(balanced.refused)
    print(f"   {balanced.requests} requests, {failed} failed with one retry; {run.load.check()} objects")
    assert not balanced.refused, balanced.refused


def _answers(run: Run, service: str) -> bool:
    try:
        run.stack.execute(service, "healthy", "http://127.0.0.1:8260/api/health/ready")
    except subprocess.CalledProcessError:
        return False
    return True


def down_and_up(run: Run) -> None:
    """`down` keeps the data."""
    run.stack.down()
    assert not is_ready(run.url)
    run.stack.up()
    run.stack.up("grow")
    run.ready()
    print(f"   {run.load.check()} objects are whole")


def down_v(run: Run) -> None:
    """`down -v` deletes the data: `up` then makes a new store with a new key pair."""
    run.stack.down("-v")
    run.stack.up()
    run.ready()
    assert run.load.access_key not in run.stack.execute("gateway", "cat", "/data/credentials")


STEPS: tuple[Callable[[Run], None], ...] = (
    *(build, up, secrets, compat),
    *(kill("chunkd3"), kill("redis5"), kill_wholly("postgres"), kill_wholly("gateway"), crash),
    *(grow, scale, down_and_up, down_v),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="docker/test")
    parser.add_argument("--keep", action="store_true", help="leave it running")
    keep = parser.parse_args().keep
    run = Run()
    print(f"docker/test: {run.stack.engine}, {' '.join(run.stack.compose[:2])}", flush=True)
    try:
        for step in STEPS:
            began = time.monotonic()
            name = step.__name__ if step.__name__ != "step" else "kill"
            print(f"== {name}: {(step.__doc__ or '').splitlines()[0]}", flush=True)
            step(run)
            print(f"   passed, {time.monotonic() - began:.0f} s", flush=True)
    except BaseException:
        print(run.stack.complaints(), file=sys.stderr, flush=True)
        raise
    finally:
        if not keep:
            run.stack.down("-v")
    print("docker/test: all passed")


if __name__ == "__main__":
    main()
