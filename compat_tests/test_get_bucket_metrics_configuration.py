"""GetBucketMetricsConfiguration."""

from __future__ import annotations

from compat_tests.configurations import METRICS
from compat_tests.support import S3, refused

CHANGED = {"Id": METRICS.document["Id"]}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        METRICS.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    METRICS.put(s3, bucket)
    assert METRICS.get(s3, bucket) == METRICS.document
    METRICS.put(s3, bucket, CHANGED)
    assert METRICS.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        METRICS.get(s3, bucket_name)
