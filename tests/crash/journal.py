"""Clients that write until the server dies under them, and what they may then rely on.

Each worker has keys of its own, so the order of what it asked for is known: after a crash a key holds what
was acknowledged last or what was under way, whole, and nothing else.
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
    """By key: the digests (None: no object) of which one must be there."""

    may_be: dict[str, set[str | None]] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    acknowledged: int = 0

    def known(self, key: str) -> set[str | None]:
        return self.may_be.setdefault(key, {None})

    def certain(self, key: str) -> str | None:
        """What is there for sure. ValueError where a crash left two possibilities."""
        (one,) = self.known(key)
        return one

    def settle(self, key: str, there: str | None) -> None:
        assert there in self.known(key), f"{key} is neither what was acknowledged nor what was under way"
        self.may_be[key] = {there}


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Worker(threading.Thread):
    """Writes, overwrites, copies, deletes and completes uploads of its own keys until the server is gone."""

    def __init__(self, s3: Any, bucket: str, number: int, seed: int) -> None:
        super().__init__(name=f"worker-{number}", daemon=True)
        self.s3, self.bucket, self.random = s3, bucket, random.Random(seed * 1000 + number)
        self.keys = [f"worker-{number}/{n}" for n in range(KEYS_EACH)]
        self.journal = Journal()
        self.unforeseen: list[BaseException] = []

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
                self.unforeseen.append(refused)
                return

    def asked(self, key: str, after: str | None, work: Callable[[], object]) -> None:
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
        body, known_by = self.body_of(size)
        self.asked(key, known_by, lambda: self.s3.put_object(Bucket=self.bucket, Key=key, Body=body))

    def do_delete(self) -> None:
        key = self.random.choice(self.keys)
        self.asked(key, None, lambda: self.s3.delete_object(Bucket=self.bucket, Key=key))

    def do_copy(self) -> None:
        there = [key for key in self.keys if self.journal.certain(key) is not None]
        if not there:
            return self.do_put()
        source, target = self.random.choice(there), self.random.choice(self.keys)
        if source == target:
            return self.do_put()
        origin = {"Bucket": self.bucket, "Key": source}
        self.asked(
            target,
            self.journal.certain(source),
            lambda: self.s3.copy_object(Bucket=self.bucket, Key=target, CopySource=origin),
        )
        return None

    def do_upload(self) -> None:
        key = self.random.choice(self.keys)
        body, known_by = self.body_of(PART_BYTES + 1000)
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        where = {"Bucket": self.bucket, "Key": key, "UploadId": upload}
        parts = [
            {
                "PartNumber": n,
                "ETag": self.s3.upload_part(**where, PartNumber=n, Body=piece)["ETag"],
            }
            for n, piece in enumerate((body[:PART_BYTES], body[PART_BYTES:]), 1)
        ]
        self.asked(
            key,
            known_by,
            lambda: self.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}),
        )
