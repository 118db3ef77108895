"""GetBucketLogging."""

from __future__ import annotations

from compat_tests.configurations import LOGGING
from compat_tests.support import S3, refused


def test_a_new_bucket(s3: S3, bucket: str) -> None:
    assert LOGGING.get(s3, bucket) == LOGGING.default


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        LOGGING.get(s3, bucket_name)
