"""/api/metrics of real gateways: what was done is counted once, with one worker and with several."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from botocore.exceptions import ClientError

from metadata.errors import MetadataUnavailable
from s3api.observe import metrics
from s3api.observe.database_status import probe_database
from s3api.observe.exposition import CONTENT_TYPE, text
from s3api.observe.metrics import database_families
from tests.gateway_process import ACCESS_KEY, POLL_S, SECRET_KEY, GatewayProcess
from tests.observe.scraped import Scraped

WITHIN_S = 30.0


def scrape(gateway: GatewayProcess) -> Scraped:
    with gateway.http() as client:
        answer = client.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    return Scraped(answer.text)


def use(gateway: GatewayProcess, bucket: str) -> None:
    """Five puts, of more than is staged, five gets, one miss."""
    s3 = gateway.s3()
    s3.create_bucket(Bucket=bucket)
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=str(number), Body=b"x" * 10_000)
        s3.get_object(Bucket=bucket, Key=str(number))["Body"].read()
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="none")


def test_what_is_counted(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data") as gateway:
        use(gateway, "counted")
        scraped = scrape(gateway)
    assert scraped.value("sixfold_requests_total", operation="PutObject", status="200") == 5
    assert scraped.value("sixfold_requests_total", operation="GetObject", status="200") == 5
    assert scraped.value("sixfold_requests_total", operation="GetObject", status="404") == 1
    assert scraped.value("sixfold_errors_total", operation="GetObject", code="NoSuchKey") == 1
    assert scraped.value("sixfold_request_seconds_count", operation="PutObject") == 5
    assert scraped.value("sixfold_received_bytes_total", operation="PutObject") >= 5000
    assert scraped.value("sixfold_sent_bytes_total", operation="GetObject") >= 5000
    assert scraped.value("sixfold_requests_in_flight") == 1  # the scrape itself
    assert scraped.value("sixfold_commit_batch_size_count") >= 6
    assert scraped.value("sixfold_commit_batch_size_sum") >= 6
    nodes = {str(number) for number in range(1, 7)}
    for name in ("up", "state", "used_bytes", "capacity_bytes", "fill_ratio", "chunks", "errors_total"):
        assert scraped.labels(f"sixfold_node_{name}", "node") == nodes, name
    assert scraped.value("sixfold_node_state", node="1", state="active") == 1
    assert scraped.value("sixfold_node_seconds_count", node="1") > 0
    assert scraped.value("sixfold_node_sent_bytes_total", node="1") > 5000
    assert scraped.labels("sixfold_queue_length", "queue") >= {
        "repair",
        "garbage",
        "pending",
        "event",
        "dead_letter",
    }
    hits = scraped.value("sixfold_cache_hits_total", cache="memory")
    misses = scraped.value("sixfold_cache_misses_total", cache="memory")
    assert hits + misses == 5
    assert scraped.value("sixfold_database_up") == 1
    assert 0 < scraped.value("sixfold_database_seconds") < 5
    assert scraped.value("sixfold_workers") == 1
    assert scraped.value("process_cpu_seconds_total") > 0


async def test_a_database_that_does_not_answer_is_told_of() -> None:
    """Or there would be no metrics just when they are wanted."""
    metadata = Mock(ping=AsyncMock(side_effect=MetadataUnavailable("gone")))
    found = Scraped(text(database_families(await probe_database(metadata))))
    assert found.kinds.keys() >= {"sixfold_queue_length", "sixfold_database_lag_seconds"}
    assert dict(found) == {("sixfold_database_up", frozenset()): 0}


def test_no_label_is_a_clients(gateway: GatewayProcess) -> None:
    """Or anybody who can send requests could fill the memory."""
    with gateway.http() as client:
        for number in range(20):
            client.request(f"X{number}", f"/bucket{number}/key")
            client.get(f"/bucket{number}?what{number}", headers={"x-amz-date": str(number)})
            client.get(f"/api/file{number}")
    with gateway.http() as client:
        told = client.get("/api/metrics").text
    scraped = Scraped(told)
    assert "bucket1" not in told
    assert scraped.labels("sixfold_requests_total", "operation") >= {"unknown", "rest.other"}
    assert not [name for name in scraped.labels("sixfold_requests_total", "operation") if "file1" in name]


def wait_for_workers(gateway: GatewayProcess, count: int) -> None:
    """A gateway is ready when its first worker is; the others tell of themselves when they are."""
    deadline = time.monotonic() + WITHIN_S
    while scrape(gateway).value("sixfold_workers") < count:
        assert time.monotonic() < deadline, f"no {count} workers within {WITHIN_S} s"
        time.sleep(POLL_S)


def total(gateway: GatewayProcess, operation: str, want: float) -> float:
    """Waits for a scrape that counts `want` requests; what workers tell each other is a second old."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        found = scrape(gateway).value("sixfold_requests_total", operation=operation, status="200")
        if found >= want or time.monotonic() > deadline:
            return found
        time.sleep(POLL_S)


def test_several_workers_count_together_and_a_dead_one_still_counts(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", "--workers", "2") as gateway:
        wait_for_workers(gateway, 2)
        gateway.s3().create_bucket(Bucket="many")
        for number in range(30):
            gateway.s3().put_object(Bucket="many", Key=str(number), Body=b"x")  # each on a new connection
        assert total(gateway, "PutObject", 30) == 30
        assert scrape(gateway).value("sixfold_workers") == 2
        directory = gateway.data / f"workers-{gateway.pid}"
        workers = {int(path.name) for path in directory.iterdir() if not path.suffix}
        assert len(workers) == 2
        counted_at = time.time()
        while not all(path.stat().st_mtime > counted_at for path in directory.glob("[0-9]*")):
            time.sleep(POLL_S)  # what a killed worker has not told yet is lost: a second's worth
        os.kill(workers.pop(), signal.SIGKILL)
        gateway.wait_ready()
        assert total(gateway, "PutObject", 30) == 30
        assert scrape(gateway).value("sixfold_request_seconds_count", operation="PutObject") == 30
        assert gateway.stop() == 0
        assert not directory.exists()


def test_elsewhere_a_token_or_a_key_pair_is_wanted(tmp_path: Path) -> None:
    settings = {"SIXFOLD_METRICS_TOKEN": "scrape-me", "SIXFOLD_REST_OPEN": "false"}
    with GatewayProcess(tmp_path / "data", environment=settings) as gateway, gateway.http() as client:
        assert client.get("/api/metrics").status_code == 401
        for wrong in ("Bearer scrape-m", "Bearer", "scrape-me", "Basic scrape-me", "Bearer scrape-meé"):
            answer = client.get("/api/metrics", headers={"authorization": wrong.encode()})
            assert answer.status_code == 401, wrong
        token = {"authorization": "Bearer scrape-me"}
        assert client.get("/api/metrics", headers=token).status_code == 200
        assert client.get("/api/metrics", auth=(ACCESS_KEY, SECRET_KEY)).status_code == 200
        assert client.get("/api/nodes", headers=token).status_code == 401  # the token is for metrics alone


def test_without_proc_the_metrics_lack_two_families(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {family.name for family in metrics._process_families()}
    monkeypatch.setattr(metrics, "PROC", Path("/no/such"))
    without = {family.name for family in metrics._process_families()}
    assert names - without == {"process_resident_memory_bytes", "process_open_fds"}
    assert "process_cpu_seconds_total" in without
