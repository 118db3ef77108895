"""GetBucketNotificationConfiguration."""

from __future__ import annotations

from compat_tests.configurations import NOTIFICATION
from compat_tests.support import S3, refused

CHANGED = {}


def test_a_new_bucket(s3: S3, bucket: str) -> None:
    assert NOTIFICATION.get(s3, bucket) == NOTIFICATION.default


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    NOTIFICATION.put(s3, bucket)
    assert NOTIFICATION.get(s3, bucket) == NOTIFICATION.document
    NOTIFICATION.put(s3, bucket, CHANGED)
    assert NOTIFICATION.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        NOTIFICATION.get(s3, bucket_name)
