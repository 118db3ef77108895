"""PutBucketRequestPayment."""

from __future__ import annotations

import pytest

from compat_tests.configurations import PAYMENT, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(PAYMENT.put(s3, bucket)) == 200
    assert PAYMENT.get(s3, bucket) == PAYMENT.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Payer": "Nobody"}, "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    PAYMENT.put(s3, bucket)
    with refused(code, 400):
        PAYMENT.put(s3, bucket, document)
    assert PAYMENT.get(s3, bucket) == PAYMENT.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        PAYMENT.put(s3, bucket_name)
