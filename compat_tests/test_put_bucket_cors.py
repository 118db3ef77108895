"""PutBucketCors."""

from __future__ import annotations

import pytest

from compat_tests.configurations import CORS, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(CORS.put(s3, bucket)) == 200
    assert CORS.get(s3, bucket) == CORS.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"CORSRules": [{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}]}, "InvalidRequest"),
        ({"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*.*"]}]}, "InvalidRequest"),
        (
            {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-*"]}]},
            "InvalidRequest",
        ),
        ({"CORSRules": []}, "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    CORS.put(s3, bucket)
    with refused(code, 400):
        CORS.put(s3, bucket, document)
    assert CORS.get(s3, bucket) == CORS.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        CORS.put(s3, bucket_name)
