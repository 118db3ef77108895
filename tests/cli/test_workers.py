"""`serve --workers 2`: one store to clients, whichever process answers, and whichever of them dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError

from s3api.serving.server import HEALTHCHECK_S
from tests.gateway_process import POLL_S, GatewayProcess
from tests.observe.test_metrics import scrape, total, wait_for_workers

CLIENTS, KEYS = 4, 6
WITHIN_S = 60.0


def counts(gateway: GatewayProcess) -> dict[int, float]:
    """By the id of each living worker: how many PutObjects it has counted."""
    found = {}
    for path in (gateway.data / f"workers-{gateway.pid}").glob("[0-9]*"):
        if not path.suffix and Path(f"/proc/{path.name}").exists():
            requests = orjson.loads(path.read_bytes())["all"]["sixfold_requests_total"]
            found[int(path.name)] = sum(n for labels, n in requests.items() if '"PutObject"' in labels)
    return found


def use(gateway: GatewayProcess, client: int) -> int:
    """Each request on a connection of its own, so that either worker gets it; how many puts were answered."""
    s3 = gateway.s3()
    for key in (f"{client}/{number}" for number in range(KEYS)):
        for body in (b"first" * 100, os.urandom(20_000)):
            fresh(s3).put_object(Bucket="shared", Key=key, Body=body)
            assert fresh(s3).get_object(Bucket="shared", Key=key)["Body"].read() == body
        assert key in keys(fresh(s3), f"{client}/")
        if key.endswith(("1", "3", "5")):
            fresh(s3).delete_object(Bucket="shared", Key=key)
            assert key not in keys(fresh(s3), f"{client}/")
    return 2 * KEYS


def fresh(s3: Any) -> Any:
    """The client without the connections that it has kept."""
    s3._endpoint.http_session.close()
    return s3


def keys(s3: Any, prefix: str) -> list[str]:
    found = s3.list_objects_v2(Bucket="shared", Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", ())]


def test_two_workers_are_one_store(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", "--workers", "2") as gateway:
        wait_for_workers(gateway, 2)
        gateway.s3().create_bucket(Bucket="shared")
        with ThreadPoolExecutor(CLIENTS) as pool:
            puts = sum(pool.map(lambda client: use(gateway, client), range(CLIENTS)))
        assert total(gateway, "PutObject", puts) == puts
        until(lambda: sum(counts(gateway).values()) == puts)  # files are up to a second old
        told = counts(gateway)
        assert len(told) == 2
        assert min(told.values()) > 0

        kept = put_while(gateway, lambda: kill_one_and_wait(gateway, told))
        assert len(kept) > 10
        assert scrape(gateway).value("sixfold_workers") == 2
        assert total(gateway, "PutObject", puts) >= puts  # what the dead one counted is not forgotten
        assert sorted(keys(gateway.s3(), "during/")) == sorted(kept)
        assert gateway.stop() == 0
        assert "Traceback" not in gateway.log()


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", "--workers", "2") as gateway:
        wait_for_workers(gateway, 2)
        orphans = list(counts(gateway))
        gateway.kill()
        until(lambda: not any(map(runs, orphans)))
        gateway.restart()
        wait_for_workers(gateway, 2)
        assert gateway.stop() == 0


def test_a_worker_that_dies_while_it_is_asked_how_it_fares_is_replaced_at_once(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", "--workers", "2") as gateway:
        wait_for_workers(gateway, 2)
        victim = min(counts(gateway))
        os.kill(victim, signal.SIGSTOP)
        time.sleep(1.2)  # all workers are asked every half second; this one does not answer
        os.kill(victim, signal.SIGKILL)
        killed_s = time.monotonic()
        until(lambda: victim not in counts(gateway) and len(counts(gateway)) == 2)
        assert time.monotonic() - killed_s < HEALTHCHECK_S - 5
        assert gateway.stop() == 0


def runs(pid: int) -> bool:
    """Whether there is such a process; one that has ended and that nobody has asked for does not count."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def until(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(POLL_S)


def kill_one_and_wait(gateway: GatewayProcess, before: dict[int, float]) -> None:
    """As the kernel would where memory is short; the other serves on, and a new one takes its place."""
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(counts(gateway).keys() - {victim}) == 2)


def put_while(gateway: GatewayProcess, work: Any) -> set[str]:
    """Put objects until `work` is done; the keys of those that were acknowledged. What the killed worker had
    under way is asked once more.
    """
    acknowledged: set[str] = set()
    stop, s3 = threading.Event(), gateway.s3()

    def put() -> None:
        while not stop.is_set():
            key = f"during/{len(acknowledged):05}"
            for last in (False, True):
                try:
                    fresh(s3).put_object(Bucket="shared", Key=key, Body=b"x" * 5000)
                    break
                except BotoCoreError:
                    if last:
                        raise
            acknowledged.add(key)

    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(put)
        try:
            work()
        finally:
            stop.set()
        putting.result()
    return acknowledged
