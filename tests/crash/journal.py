"""Clients that write until the server is killed, and a journal of what must then be stored.

Each worker has its own keys, so the order of its requests is known. After a crash a key holds what was
acknowledged last, or the request in progress, complete, and nothing else.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

KEYS_EACH = 6
PART_BYTES = 5 << 20
SIZES = (0, 1, 700, 4 << 10, 70 << 10, 300 << 10)
LONG_BYTES = (6 << 20) + 12_345


@dataclass
class Journal:
    """The digests that a key may have, by key (None: no object). One of them must be stored."""

    may_be: dict[str, set[str | None]] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    acknowledged: int = 0

    def possible(self, key: str) -> set[str | None]:
        return self.may_be.setdefault(key, {None})

    def certain(self, key: str) -> str | None:
        """The only digest that a key may have. Raises ValueError if a crash left two possibilities."""
        (one,) = self.possible(key)
        return one

    def resolve(self, key: str, found: str | None) -> None:
        """Record what was found after a crash, which must be possible."""
        expected = self.possible(key)
        assert found in expected, f"{key} is neither the last acknowledged nor the request in progress"
        self.may_be[key] = {found}


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Worker(threading.Thread):
    """Writes, copies, deletes and completes uploads of its own keys until the server is killed."""

    def __init__(self, s3: Any, bucket: str, number: int, seed: int) -> None:
        super().__init__(name=f"worker-{number}", daemon=True)
        self.s3, self.bucket, self.random = s3, bucket, random.Random(seed * 1000 + number)
        self.keys = [f"worker-{number}/{n}" for n in range(KEYS_EACH)]
        self.journal = Journal()
        self.unexpected: list[BaseException] = []

    def run(self) -> None:
        weighted = [
            *[self.do_put] * 6,
            *[self.do_copy] * 3,
            *[self.do_delete] * 2,
            self.do_put_long,
            self.do_upload,
        ]
        while True:
            try:
                self.random.choice(weighted)()
            except BotoCoreError:
                return  # the server is gone
            except ClientError as refused:
                self.unexpected.append(refused)
                return

    def journaled(self, key: str, after: str | None, work: Callable[[], object]) -> None:
        """Do a request that leaves `after` under a key, and journal it before and after."""
        before = self.journal.certain(key)
        self.journal.may_be[key] = {before, after}
        work()
        self.journal.may_be[key] = {after}
        self.journal.acknowledged += 1

    def body_of(self, size: int) -> tuple[bytes, str]:
        body = self.random.randbytes(size)
        return body, digest(body)

    def do_put(self) -> None:
        self.put_of(self.random.choice(SIZES))

    def do_put_long(self) -> None:
        self.put_of(LONG_BYTES)

    def put_of(self, size: int) -> None:
        key = self.random.choice(self.keys)
        body, sha256 = self.body_of(size)
        self.journaled(key, sha256, lambda: self.s3.put_object(Bucket=self.bucket, Key=key, Body=body))

    def do_delete(self) -> None:
        key = self.random.choice(self.keys)
        self.journaled(key, None, lambda: self.s3.delete_object(Bucket=self.bucket, Key=key))

    def do_copy(self) -> None:
        existing = [key for key in self.keys if self.journal.certain(key) is not None]
        if not existing:
            return self.do_put()
        source, target = self.random.choice(existing), self.random.choice(self.keys)
        if source == target:
            return self.do_put()
        origin = {"Bucket": self.bucket, "Key": source}
        self.journaled(
            target,
            self.journal.certain(source),
            lambda: self.s3.copy_object(Bucket=self.bucket, Key=target, CopySource=origin),
        )
        return None

    def do_upload(self) -> None:
        key = self.random.choice(self.keys)
        body, sha256 = self.body_of(PART_BYTES + 1000)
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        where = {"Bucket": self.bucket, "Key": key, "UploadId": upload}
        parts = [
            {
                "PartNumber": n,
                "ETag": self.s3.upload_part(**where, PartNumber=n, Body=piece)["ETag"],
            }
            for n, piece in enumerate((body[:PART_BYTES], body[PART_BYTES:]), 1)
        ]
        self.journaled(
            key,
            sha256,
            lambda: self.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}),
        )
