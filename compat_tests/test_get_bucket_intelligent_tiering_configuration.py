"""GetBucketIntelligentTieringConfiguration."""

from __future__ import annotations

from compat_tests.configurations import TIERING
from compat_tests.support import S3, refused

CHANGED = {**TIERING.document, "Status": "Disabled"}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        TIERING.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    TIERING.put(s3, bucket)
    assert TIERING.get(s3, bucket) == TIERING.document
    TIERING.put(s3, bucket, CHANGED)
    assert TIERING.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TIERING.get(s3, bucket_name)
