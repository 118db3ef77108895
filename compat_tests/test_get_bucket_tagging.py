"""GetBucketTagging."""

from __future__ import annotations

from compat_tests.configurations import TAGGING
from compat_tests.support import S3, refused

CHANGED = {"TagSet": [{"Key": "other", "Value": "é"}]}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchTagSet", 404):
        TAGGING.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    TAGGING.put(s3, bucket)
    assert TAGGING.get(s3, bucket) == TAGGING.document
    TAGGING.put(s3, bucket, CHANGED)
    assert TAGGING.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TAGGING.get(s3, bucket_name)
