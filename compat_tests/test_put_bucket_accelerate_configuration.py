"""PutBucketAccelerateConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import ACCELERATE, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(ACCELERATE.put(s3, bucket)) == 200
    assert ACCELERATE.get(s3, bucket) == ACCELERATE.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Status": "Disabled"}, "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    ACCELERATE.put(s3, bucket)
    with refused(code, 400):
        ACCELERATE.put(s3, bucket, document)
    assert ACCELERATE.get(s3, bucket) == ACCELERATE.document


def test_suspending_what_never_was(s3: S3, bucket: str) -> None:
    ACCELERATE.put(s3, bucket, {"Status": "Suspended"})
    assert ACCELERATE.get(s3, bucket) == {}


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ACCELERATE.put(s3, bucket_name)
