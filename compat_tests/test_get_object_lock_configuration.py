"""GetObjectLockConfiguration."""

from __future__ import annotations

from compat_tests.support import S3, refused


def test_a_bucket_made_with_it(s3: S3, locked_bucket: str) -> None:
    answer = s3.get_object_lock_configuration(Bucket=locked_bucket)
    assert answer["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}


def test_a_bucket_without(s3: S3, bucket: str) -> None:
    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_object_lock_configuration(Bucket=bucket_name)
