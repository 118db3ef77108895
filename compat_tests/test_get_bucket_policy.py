from __future__ import annotations

from compat_tests.support import S3, refused


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_policy(Bucket=bucket_name)
