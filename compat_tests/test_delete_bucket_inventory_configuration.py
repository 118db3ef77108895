"""DeleteBucketInventoryConfiguration."""

from __future__ import annotations

from compat_tests.configurations import INVENTORY
from compat_tests.support import S3, refused, status_of


def test_only_that_one_goes(s3: S3, bucket: str) -> None:
    INVENTORY.put(s3, bucket)
    INVENTORY.put(s3, bucket, INVENTORY.with_id("other"), Id="other")
    assert status_of(INVENTORY.delete(s3, bucket)) == 204
    with refused("NoSuchConfiguration", 404):
        INVENTORY.get(s3, bucket)
    assert INVENTORY.get(s3, bucket, Id="other") == INVENTORY.with_id("other")


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        INVENTORY.delete(s3, bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        INVENTORY.delete(s3, bucket_name)
