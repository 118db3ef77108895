"""Storage nodes die, hang, fill up and lose bytes: requests succeed, or fail with the right error."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError

from tests.crash.redis_nodes import Cluster, eventually, six_redis
from tests.hostile.wire import connected, head

BUCKET = "nodes"
MIB = 1 << 20


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with six_redis(tmp_path_factory.mktemp("nodes")) as made:
        made.gateway.s3().create_bucket(Bucket=BUCKET)
        yield made


def body_of(key: str, size: int) -> bytes:
    seed = hashlib.sha256(key.encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


class Load:
    """Clients that PUT and GET until `stop`. boto3 may retry, as it does by default."""

    def __init__(self, cluster: Cluster, name: str, threads: int = 3) -> None:
        self.cluster, self.name = cluster, name
        self.stopped = threading.Event()
        self.written: list[str] = []
        self.slowest_s = 0.0
        self._pool = ThreadPoolExecutor(threads)
        self._tasks = [self._pool.submit(self._work, n) for n in range(threads)]

    def stop(self) -> None:
        """Stop the clients. Raises the first error of any of them."""
        self.stopped.set()
        self._pool.shutdown()
        for task in self._tasks:
            task.result()

    def _work(self, thread: int) -> None:
        s3 = self.cluster.gateway.s3(retries={"mode": "standard", "total_max_attempts": 4})
        n = 0
        while not self.stopped.is_set():
            n += 1
            key = f"{self.name}/{thread}/{n}"
            body = body_of(key, (500, 90_000, 7 * MIB)[n % 3 if n % 9 == 2 else n % 2])
            began = time.monotonic()
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.written.append(key)


def all_readable(s3: Any, keys: list[str]) -> None:
    for key in keys:
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert body == body_of(key, len(body)), key


def test_a_node_is_killed_and_comes_back(cluster: Cluster) -> None:
    load = Load(cluster, "killed")
    eventually(lambda: len(load.written) > 10)
    victim = cluster.nodes[2]
    victim.kill()
    before = len(load.written)
    eventually(lambda: len(load.written) > before + 20)
    load.stop()
    s3 = cluster.gateway.s3()
    all_readable(s3, load.written)
    assert cluster.status().count(False) == 1
    victim.start()
    eventually(lambda: all(cluster.status()))
    s3.put_object(Bucket=BUCKET, Key="after", Body=body_of("after", 90_000))
    all_readable(s3, [*load.written, "after"])
    assert "Traceback" not in cluster.gateway.log()


def test_a_node_hangs(cluster: Cluster) -> None:
    """The node accepts connections and never replies: reads wait briefly, writes at most the node timeout."""
    s3 = cluster.gateway.s3()
    keys = [f"hung/{n}" for n in range(8)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body_of(key, 90_000))
    s3.put_object(Bucket=BUCKET, Key="hung/long", Body=body_of("hung/long", 13 * MIB))
    victim = cluster.nodes[4]
    victim.pause()
    try:
        for key in [*keys, "hung/long"]:
            began = time.monotonic()
            all_readable(s3, [key])
            assert time.monotonic() - began < 3
        load = Load(cluster, "hanging")
        eventually(lambda: len(load.written) > 15)
        load.stop()
        assert load.slowest_s < 8
        all_readable(s3, load.written)
    finally:
        victim.resume()
    eventually(lambda: all(cluster.status()))
    all_readable(s3, [*keys, *load.written])


def test_a_byte_flips_and_a_chunk_is_lost(cluster: Cluster) -> None:
    s3 = cluster.gateway.s3()
    body = body_of("rotten", 300_000)
    clients = [redis.Redis(port=node.port) for node in cluster.nodes]
    before = [set(client.keys("chunk:*")) for client in clients]
    s3.put_object(Bucket=BUCKET, Key="rotten", Body=body)
    chunks = [
        (client, name)
        for client, old in zip(clients, before, strict=True)
        for name in client.keys("chunk:*")
        if name not in old and name[-1] < 6
    ]
    assert len(chunks) == 6
    was = [client.get(name) for client, name in chunks]
    (flipped, flipped_name), (lost, lost_name) = chunks[0], chunks[3]
    flipped.setrange(flipped_name, len(was[0]) // 2, bytes([was[0][len(was[0]) // 2] ^ 1]))
    lost.delete(lost_name)

    def repaired() -> bool:
        """A read that does not wait for a slow node does not learn that its chunk is lost; the next may."""
        assert s3.get_object(Bucket=BUCKET, Key="rotten")["Body"].read() == body
        return [client.get(name) for client, name in chunks] == was

    eventually(repaired)
    for client in clients:
        client.close()


def test_nodes_die_in_the_middle_of_a_download(cluster: Cluster) -> None:
    """After the status line there is no other answer: the connection ends short of Content-Length."""
    size = 60 * MIB
    cluster.gateway.s3().put_object(Bucket=BUCKET, Key="cut", Body=body_of("cut", size))
    with connected(cluster.gateway, timeout_s=30) as connection:
        connection.sendall(head(cluster.gateway, "GET", f"/{BUCKET}/cut"))
        got = len(connection.recv(1 << 16))
        for node in cluster.nodes[:4]:
            node.kill()
        while data := connection.recv(1 << 20):
            got += len(data)
    assert 0 < got < size
    assert "Traceback" not in cluster.gateway.log()
    with pytest.raises(ClientError) as refused:
        cluster.gateway.s3().get_object(Bucket=BUCKET, Key="cut")
    answer = refused.value.response["ResponseMetadata"]
    assert answer["HTTPStatusCode"] == 503
    assert int(answer["HTTPHeaders"]["retry-after"]) > 0
    with pytest.raises(ClientError) as refused:
        cluster.gateway.s3().put_object(Bucket=BUCKET, Key="new", Body=b"x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    for node in cluster.nodes[:4]:
        node.start()
    eventually(lambda: all(cluster.status()))
    all_readable(cluster.gateway.s3(), ["cut"])


def test_all_nodes_are_full(tmp_path: Path) -> None:
    with six_redis(tmp_path, "--maxmemory", "8mb") as full:
        s3 = full.gateway.s3()
        s3.create_bucket(Bucket=BUCKET)
        keys: list[str] = []

        def fill() -> None:
            for n in range(100):
                s3.put_object(Bucket=BUCKET, Key=f"full/{n}", Body=body_of(f"full/{n}", 3 * MIB))
                keys.append(f"full/{n}")

        with pytest.raises(ClientError) as refused:
            fill()
        answer = refused.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 507, answer
        assert keys
        all_readable(s3, keys)
        for key in keys:
            s3.delete_object(Bucket=BUCKET, Key=key)

        def taken() -> bool:
            try:
                s3.put_object(Bucket=BUCKET, Key="again", Body=b"there is room again")
            except ClientError as still:
                return still.response["ResponseMetadata"]["HTTPStatusCode"] != 507
            return True

        eventually(taken)
        assert "Traceback" not in full.gateway.log()
