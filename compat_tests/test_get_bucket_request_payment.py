"""GetBucketRequestPayment."""

from __future__ import annotations

from compat_tests.configurations import PAYMENT
from compat_tests.support import S3, refused

CHANGED = {"Payer": "BucketOwner"}


def test_a_new_bucket(s3: S3, bucket: str) -> None:
    assert PAYMENT.get(s3, bucket) == PAYMENT.default


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    PAYMENT.put(s3, bucket)
    assert PAYMENT.get(s3, bucket) == PAYMENT.document
    PAYMENT.put(s3, bucket, CHANGED)
    assert PAYMENT.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        PAYMENT.get(s3, bucket_name)
