"""GetBucketAnalyticsConfiguration."""

from __future__ import annotations

from compat_tests.configurations import ANALYTICS
from compat_tests.support import S3, refused

CHANGED = {"Id": ANALYTICS.document["Id"], "StorageClassAnalysis": {}}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        ANALYTICS.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    ANALYTICS.put(s3, bucket)
    assert ANALYTICS.get(s3, bucket) == ANALYTICS.document
    ANALYTICS.put(s3, bucket, CHANGED)
    assert ANALYTICS.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ANALYTICS.get(s3, bucket_name)
