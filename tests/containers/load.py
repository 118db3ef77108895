"""Clients that write and read continuously, and record every acknowledged write."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

BUCKET = "acknowledged"
SIZES = (0, 1, 700, 4096, 70_000, 1_000_000, 7_000_000)
CLIENTS = 3


@dataclass
class Load:
    """Clients and their results.

    `kept`: SHA-256 of every acknowledged write, by key. `refused`: errors of requests after all retries.
    """

    endpoint: str
    access_key: str
    secret_key: str
    kept: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    requests: int = 0

    def s3(self, *, tries: int = 1) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": tries, "mode": "standard"},
                connect_timeout=5,
                read_timeout=30,
            ),
        )

    @contextmanager
    def running(self, *, tries: int = 1) -> Iterator[None]:
        """Run the clients for the duration of the block."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._work, args=(stop, tries)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def check(self) -> int:
        """Assert that every acknowledged object is stored unchanged; return their number."""
        s3 = self.s3(tries=3)
        for key, digest in self.kept.items():
            found = hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()
            assert found == digest, f"{key} is not what was acknowledged"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        listed = {each["Key"] for page in pages for each in page.get("Contents", ())}
        assert listed >= self.kept.keys(), f"not listed: {sorted(self.kept.keys() - listed)}"
        return len(self.kept)

    def put(self, s3: Any, key: str, body: bytes) -> None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self.kept[key] = hashlib.sha256(body).hexdigest()

    @staticmethod
    def _read(s3: Any, key: str, tries: int) -> bytes:
        """Get an object. boto3 retries requests, but not a body that is cut short as a gateway is killed."""
        while True:
            try:
                body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                return body
            except (IncompleteReadError, ResponseStreamingError, ReadTimeoutError):
                if not (tries := tries - 1):
                    raise

    def _work(self, stop: threading.Event, tries: int) -> None:
        s3, dice = self.s3(tries=tries), random.Random()
        while not stop.is_set():
            self.requests += 1
            try:
                if self.kept and dice.random() < 0.5:
                    key = dice.choice(list(self.kept))
                    digest = hashlib.sha256(self._read(s3, key, tries)).hexdigest()
                    assert digest == self.kept[key], f"{key} is not what was acknowledged"
                else:
                    self.put(s3, os.urandom(8).hex(), os.urandom(dice.choice(SIZES)))
            except (ClientError, BotoCoreError) as why:
                self.refused.append(str(why))
            stop.wait(0.02)


def wait_for(load: Load, more: int) -> None:
    """Wait until `more` further writes are acknowledged."""
    wanted, deadline_s = len(load.kept) + more, time.monotonic() + 120
    while len(load.kept) < wanted:
        assert time.monotonic() < deadline_s, f"no write came through; the last answers: {load.refused[-3:]}"
        time.sleep(0.1)
