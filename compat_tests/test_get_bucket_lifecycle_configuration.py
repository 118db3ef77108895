"""GetBucketLifecycleConfiguration."""

from __future__ import annotations

from compat_tests.configurations import LIFECYCLE
from compat_tests.support import S3, refused

CHANGED = {"Rules": LIFECYCLE.document["Rules"][1:]}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchLifecycleConfiguration", 404):
        LIFECYCLE.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    LIFECYCLE.put(s3, bucket)
    assert LIFECYCLE.get(s3, bucket) == LIFECYCLE.document
    LIFECYCLE.put(s3, bucket, CHANGED)
    assert LIFECYCLE.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        LIFECYCLE.get(s3, bucket_name)
