from __future__ import annotations

from compat_tests.support import S3, refused


def test_all_is_blocked_as_buckets_are_made(s3: S3, bucket: str) -> None:
    got = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(got) == 4
    assert all(got.values())


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_public_access_block(Bucket=bucket_name)
