"""PutBucketMetricsConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import METRICS, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(METRICS.put(s3, bucket)) == 200
    assert METRICS.get(s3, bucket) == METRICS.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({**METRICS.document, "Filter": {"And": {"Prefix": "a"}}}, "MalformedXML"),
        (METRICS.with_id("another"), "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    METRICS.put(s3, bucket)
    with refused(code, 400):
        METRICS.put(s3, bucket, document)
    assert METRICS.get(s3, bucket) == METRICS.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        METRICS.put(s3, bucket_name)
