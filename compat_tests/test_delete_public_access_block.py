from __future__ import annotations

from compat_tests.support import S3, refused, status_of


def test_then_nothing_is_blocked(s3: S3, bucket: str) -> None:
    assert status_of(s3.delete_public_access_block(Bucket=bucket)) == 204
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=bucket)
    assert status_of(s3.delete_public_access_block(Bucket=bucket)) == 204


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.delete_public_access_block(Bucket=bucket_name)
