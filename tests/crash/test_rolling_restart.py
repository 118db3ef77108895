"""Rolling restart of two gateways under load: clients that retry once at the other gateway see no failure,
and all acknowledged writes are there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.crash.journal import LONG_BYTES, digest
from tests.crash.two_gateways import two_gateways

BUCKET = "rolling"
CLIENTS = 3
ROUNDS_BETWEEN_RESTARTS = 15
WITHIN_S = 30.0
SIZES = (0, 700, 4 << 10, 300 << 10, 4 << 10, 700, LONG_BYTES)


class Client(threading.Thread):
    """A client that puts, gets and deletes its own keys at one gateway, and retries failures once at the
    other. `kept`: acknowledged keys and digests; `failed`: requests that failed twice.
    """

    def __init__(self, number: int, clients: list[Any], done: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self.number, self.clients, self.done = number, clients, done
        self.kept: dict[str, str] = {}
        self.failed: list[str] = []
        self.retried = 0
        self.stop = threading.Event()

    def run(self) -> None:
        round_ = 0
        while not self.stop.is_set():
            key, size = f"{self.number}/{round_}", SIZES[round_ % len(SIZES)]
            body = bytes([round_ % 251]) * size
            self.send(lambda s3, key=key, body=body: s3.put_object(Bucket=BUCKET, Key=key, Body=body))
            self.kept[key] = digest(body)
            found = self.send(lambda s3, key=key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            if found is not None and found != body:
                self.failed.append(f"{key} is not what was put")
            if round_ % 5 == 4:
                self.send(lambda s3, key=key: s3.delete_object(Bucket=BUCKET, Key=key))
                del self.kept[key]
            round_ += 1
            self.done.release()

    def send(self, request: Callable[[Any], Any]) -> Any:
        first = self.clients[self.number % 2]
        try:
            return request(first)
        except (BotoCoreError, ClientError):
            self.retried += 1
        try:
            return request(self.clients[1 - self.number % 2])
        except (BotoCoreError, ClientError) as why:
            self.failed.append(repr(why))
        return None


def test_a_rolling_restart_under_load(tmp_path: Path) -> None:
    with two_gateways(tmp_path) as gateways:
        gateways[0].s3().create_bucket(Bucket=BUCKET)
        done = threading.Semaphore(0)
        s3s = [gateway.s3(max_pool_connections=CLIENTS) for gateway in gateways]
        clients = [Client(number, s3s, done) for number in range(CLIENTS)]
        for client in clients:
            client.start()

        def wait_for_rounds() -> None:
            for _ in range(ROUNDS_BETWEEN_RESTARTS):
                assert done.acquire(timeout=WITHIN_S), [client.failed for client in clients]

        for gateway in gateways:
            wait_for_rounds()
            assert gateway.stop() == 0
            wait_for_rounds()
            gateway.start()
        wait_for_rounds()
        for client in clients:
            client.stop.set()
            client.join(WITHIN_S)
        assert [client.failed for client in clients] == [[]] * CLIENTS
        assert sum(client.retried for client in clients) > 0  # otherwise no request met a restart
        for s3 in s3s:
            for key, kept in (pair for client in clients for pair in client.kept.items()):
                assert digest(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) == kept
        keys = {key for client in clients for key in client.kept}
        listed = s3s[0].get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        assert {each["Key"] for page in listed for each in page.get("Contents", ())} == keys
        assert all("Traceback" not in gateway.log() for gateway in gateways)
