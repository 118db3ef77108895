from __future__ import annotations

from compat_tests.support import S3, refused, status_of


def test_then_there_are_none(s3: S3, bucket: str) -> None:
    assert status_of(s3.delete_bucket_ownership_controls(Bucket=bucket)) == 204
    with refused("OwnershipControlsNotFoundError", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket)
    assert status_of(s3.delete_bucket_ownership_controls(Bucket=bucket)) == 204


def test_then_there_are_acls(s3: S3, bucket: str) -> None:
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.delete_bucket_ownership_controls(Bucket=bucket_name)
