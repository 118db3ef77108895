"""GetBucketInventoryConfiguration."""

from __future__ import annotations

from compat_tests.configurations import INVENTORY
from compat_tests.support import S3, refused

CHANGED = {**INVENTORY.document, "IsEnabled": False}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchConfiguration", 404):
        INVENTORY.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    INVENTORY.put(s3, bucket)
    assert INVENTORY.get(s3, bucket) == INVENTORY.document
    INVENTORY.put(s3, bucket, CHANGED)
    assert INVENTORY.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        INVENTORY.get(s3, bucket_name)
