from __future__ import annotations

from compat_tests.support import S3, refused
from compat_tests.test_put_bucket_ownership_controls import rules


def test_the_owner_is_enforced_as_buckets_are_made(s3: S3, bucket: str) -> None:
    got = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert got == rules("BucketOwnerEnforced")


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    for ownership in ("ObjectWriter", "BucketOwnerPreferred"):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules(ownership))
    got = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert got == rules("BucketOwnerPreferred")


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket_name)
