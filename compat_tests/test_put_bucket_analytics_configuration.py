"""PutBucketAnalyticsConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import ANALYTICS, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(ANALYTICS.put(s3, bucket)) == 204
    assert ANALYTICS.get(s3, bucket) == ANALYTICS.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (
            {**ANALYTICS.document, "Filter": {"Prefix": "a", "Tag": {"Key": "a", "Value": "b"}}},
            "MalformedXML",
        ),
        (ANALYTICS.with_id("another"), "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    ANALYTICS.put(s3, bucket)
    with refused(code, 400):
        ANALYTICS.put(s3, bucket, document)
    assert ANALYTICS.get(s3, bucket) == ANALYTICS.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ANALYTICS.put(s3, bucket_name)
