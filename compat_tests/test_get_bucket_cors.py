"""GetBucketCors."""

from __future__ import annotations

from compat_tests.configurations import CORS
from compat_tests.support import S3, refused

CHANGED = {"CORSRules": CORS.document["CORSRules"][1:]}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchCORSConfiguration", 404):
        CORS.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    CORS.put(s3, bucket)
    assert CORS.get(s3, bucket) == CORS.document
    CORS.put(s3, bucket, CHANGED)
    assert CORS.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        CORS.get(s3, bucket_name)
