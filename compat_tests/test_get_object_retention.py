"""GetObjectRetention."""

from __future__ import annotations

from typing import Any

from compat_tests.locks import put
from compat_tests.support import S3, refused


def test_none(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(Bucket=locked_bucket, Key="k")


def test_no_such_key(s3: S3, locked_bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_retention(Bucket=locked_bucket, Key="k")


def test_a_bucket_without_object_lock(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    with refused("InvalidRequest", 400):
        s3.get_object_retention(Bucket=bucket, Key="k")
