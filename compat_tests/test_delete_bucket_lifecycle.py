"""DeleteBucketLifecycle."""

from __future__ import annotations

from compat_tests.configurations import LIFECYCLE
from compat_tests.support import S3, refused, status_of


def test_it_is_gone(s3: S3, bucket: str) -> None:
    LIFECYCLE.put(s3, bucket)
    assert status_of(LIFECYCLE.delete(s3, bucket)) == 204
    with refused(LIFECYCLE.code, 404):
        LIFECYCLE.get(s3, bucket)


def test_there_is_none(s3: S3, bucket: str) -> None:
    assert status_of(LIFECYCLE.delete(s3, bucket)) == 204


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        LIFECYCLE.delete(s3, bucket_name)
