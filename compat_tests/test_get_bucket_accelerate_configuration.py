"""GetBucketAccelerateConfiguration."""

from __future__ import annotations

from compat_tests.configurations import ACCELERATE
from compat_tests.support import S3, refused

CHANGED = {"Status": "Suspended"}


def test_a_new_bucket(s3: S3, bucket: str) -> None:
    assert ACCELERATE.get(s3, bucket) == ACCELERATE.default


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    ACCELERATE.put(s3, bucket)
    assert ACCELERATE.get(s3, bucket) == ACCELERATE.document
    ACCELERATE.put(s3, bucket, CHANGED)
    assert ACCELERATE.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ACCELERATE.get(s3, bucket_name)
