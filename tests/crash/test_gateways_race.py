"""Conditional writes through two gateways over one PostgreSQL and six Redis servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.crash.two_gateways import two_gateways
from tests.gateway_process import GatewayProcess

BUCKET = "race"
RACERS = 100
LOST = ("PreconditionFailed", "ConditionalRequestConflict")


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[GatewayProcess]]:
    with two_gateways(tmp_path_factory.mktemp("race")) as both:
        both[0].s3().create_bucket(Bucket=BUCKET)
        yield both


def race(gateways: list[GatewayProcess], key: str, size: int, **conditions: str) -> list[bytes]:
    """PUT a different body from each client at the same moment. Returns the bodies that were accepted."""
    clients = [gateway.s3(max_pool_connections=RACERS) for gateway in gateways]
    ready = threading.Barrier(RACERS)

    def run(n: int) -> bytes | None:
        body = b"%09d" % n * (size // 9 + 1)
        s3: Any = clients[n % len(clients)]
        ready.wait()
        try:
            s3.put_object(Bucket=BUCKET, Key=key, Body=body, **conditions)
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in LOST:
                raise
            return None
        return body

    with ThreadPoolExecutor(RACERS) as pool:
        return [body for body in pool.map(run, range(RACERS)) if body is not None]


@pytest.mark.parametrize("size", [1000, 100_000])
def test_of_a_hundred_one_creates(gateways: list[GatewayProcess], size: int) -> None:
    key = f"first-{size}"
    winners = race(gateways, key, size, IfNoneMatch="*")
    assert len(winners) == 1
    for gateway in gateways:
        assert gateway.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read() == winners[0]


def test_of_a_hundred_one_replaces(gateways: list[GatewayProcess]) -> None:
    etag = gateways[0].s3().put_object(Bucket=BUCKET, Key="second", Body=b"before")["ETag"]
    winners = race(gateways, "second", 1000, IfMatch=etag)
    assert len(winners) == 1
    for gateway in gateways:
        assert gateway.s3().get_object(Bucket=BUCKET, Key="second")["Body"].read() == winners[0]


def test_the_last_of_a_hundred_stays(gateways: list[GatewayProcess]) -> None:
    """Without a condition all are accepted, and both gateways then serve the same one, complete."""
    winners = race(gateways, "third", 1000)
    assert len(winners) == RACERS
    there = {g.s3().get_object(Bucket=BUCKET, Key="third")["Body"].read() for g in gateways}
    assert len(there) == 1
    assert there <= set(winners)
    assert all("Traceback" not in gateway.log() for gateway in gateways)
