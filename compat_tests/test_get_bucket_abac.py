"""GetBucketAbac."""

from __future__ import annotations

from compat_tests.configurations import ABAC
from compat_tests.support import S3, refused

CHANGED = {"Status": "Disabled"}


def test_a_new_bucket(s3: S3, bucket: str) -> None:
    assert ABAC.get(s3, bucket) == ABAC.default


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    ABAC.put(s3, bucket)
    assert ABAC.get(s3, bucket) == ABAC.document
    ABAC.put(s3, bucket, CHANGED)
    assert ABAC.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ABAC.get(s3, bucket_name)
