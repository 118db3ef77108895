"""PutBucketInventoryConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import INVENTORY, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(INVENTORY.put(s3, bucket)) == 204
    assert INVENTORY.get(s3, bucket) == INVENTORY.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({**INVENTORY.document, "Schedule": {"Frequency": "Hourly"}}, "MalformedXML"),
        (INVENTORY.with_id("another"), "MalformedXML"),
        ({**INVENTORY.document, "OptionalFields": ["Size", "Size"]}, "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    INVENTORY.put(s3, bucket)
    with refused(code, 400):
        INVENTORY.put(s3, bucket, document)
    assert INVENTORY.get(s3, bucket) == INVENTORY.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        INVENTORY.put(s3, bucket_name)
