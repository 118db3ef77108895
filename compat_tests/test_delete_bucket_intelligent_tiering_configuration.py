"""DeleteBucketIntelligentTieringConfiguration."""

from __future__ import annotations

from compat_tests.configurations import TIERING
from compat_tests.support import S3, refused, status_of


def test_only_that_one_goes(s3: S3, bucket: str) -> None:
    TIERING.put(s3, bucket)
    TIERING.put(s3, bucket, TIERING.with_id("other"), Id="other")
    assert status_of(TIERING.delete(s3, bucket)) == 204
    with refused("NoSuchConfiguration", 404):
        TIERING.get(s3, bucket)
    assert TIERING.get(s3, bucket, Id="other") == TIERING.with_id("other")


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        TIERING.delete(s3, bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TIERING.delete(s3, bucket_name)
