"""Start gateways over each kind of node, store objects, and count chunks on the nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from chunkd import open_node
from tests.clients.trees import MIB, random_bytes
from tests.gateway_process import GatewayProcess
from tests.services import Service, chunkd, redis_server

USED_WITHIN_S = 20.0


class Services:
    """One Redis server, and chunkd servers over its databases. `stack` stops them."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory, self._stack = directory, stack
        self._redis = redis_server(directory / "redis")
        stack.callback(self._redis.stop)

    def redis(self, number: int) -> str:
        return f"redis://127.0.0.1:{self._redis.port}/{number}"

    def chunkd(self, number: int) -> str:
        """Start a chunkd over the Redis database `number`, and return its address."""
        server: Service = chunkd(self._directory / f"chunkd{number}", self.redis(number))
        self._stack.callback(server.stop)
        return f"http://127.0.0.1:{server.port}"

    def chunks(self, number: int) -> int:
        """Number of chunks on the node over this Redis database."""
        return asyncio.run(chunks_of(self.redis(number)))


async def chunks_of(address: str) -> int:
    node = await open_node(address, base=Path("/"), token=None, timeout_s=5)
    try:
        total, cursor, begun = 0, b"", False
        while cursor or not begun:  # the counter of the node may lag
            page, cursor = await node.scan(cursor, 1000)
            total, begun = total + len(page), True
        return total
    finally:
        await node.close()


@contextmanager
def services(directory: Path) -> Iterator[Services]:
    with ExitStack() as stack:
        yield Services(directory, stack)


def gateway_over(data: Path, *nodes: str, database: str | None = None) -> GatewayProcess:
    """A gateway with these nodes on its command line."""
    options = [word for node in nodes for word in ("--node", node)]
    return GatewayProcess(data, *options, *(["--database", database] if database else []))


def store_and_read(gateway: GatewayProcess, bucket: str) -> dict[str, bytes]:
    """Put objects of several sizes, one in parts, read them back, and return their bodies by key."""
    s3 = gateway.s3()
    s3.create_bucket(Bucket=bucket)
    bodies = {str(size): random_bytes(size, size) for size in (0, 1, 5, 6, 4096, 65_537, MIB, 3 * MIB + 1)}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    bodies["parts"] = in_parts(s3, bucket, "parts", random_bytes(5 * MIB, 1), random_bytes(MIB, 2))
    check(gateway, bucket, bodies)
    ranged = s3.get_object(Bucket=bucket, Key="parts", Range=f"bytes={5 * MIB - 10}-{5 * MIB + 9}")
    assert ranged["Body"].read() == bodies["parts"][5 * MIB - 10 : 5 * MIB + 10]
    return bodies


def check(gateway: GatewayProcess, bucket: str, bodies: dict[str, bytes]) -> None:
    s3 = gateway.s3()
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert {entry["Key"]: entry["Size"] for entry in listed} == {k: len(body) for k, body in bodies.items()}
    for key, body in bodies.items():
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body, key


def in_parts(s3: Any, bucket: str, key: str, *parts: bytes) -> bytes:
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)
    where = {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}
    done = [
        {"PartNumber": number, "ETag": s3.upload_part(**where, PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})
    return b"".join(parts)


def put_until(gateway: GatewayProcess, used: Callable[[], bool]) -> float:
    """Put objects until `used()`, and return the seconds that took."""
    s3 = gateway.s3()
    s3.create_bucket(Bucket="grown")
    started = time.monotonic()
    number = 0
    while not used():
        assert time.monotonic() - started < USED_WITHIN_S, f"{number} objects, and none on the new node"
        s3.put_object(Bucket="grown", Key=str(number), Body=random_bytes(60_000, number))
        number += 1
    last = str(max(number - 1, 0))
    assert s3.get_object(Bucket="grown", Key=last)["Body"].read() == random_bytes(60_000, int(last))
    return time.monotonic() - started
