from __future__ import annotations

from compat_tests.support import S3
from compat_tests.test_put_bucket_ownership_controls import rules


def test_the_owner_is_enforced_as_buckets_are_made(s3: S3, bucket: str) -> None:
    got = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert got == rules("BucketOwnerEnforced")
