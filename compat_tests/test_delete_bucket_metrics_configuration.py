"""DeleteBucketMetricsConfiguration."""

from __future__ import annotations

from compat_tests.configurations import METRICS
from compat_tests.support import S3, refused, status_of


def test_only_that_one_goes(s3: S3, bucket: str) -> None:
    METRICS.put(s3, bucket)
    METRICS.put(s3, bucket, METRICS.with_id("other"), Id="other")
    assert status_of(METRICS.delete(s3, bucket)) == 204
    with refused("NoSuchConfiguration", 404):
        METRICS.get(s3, bucket)
    assert METRICS.get(s3, bucket, Id="other") == METRICS.with_id("other")


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        METRICS.delete(s3, bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        METRICS.delete(s3, bucket_name)
