"""PutBucketIntelligentTieringConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import TIERING, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(TIERING.put(s3, bucket)) == 204
    assert TIERING.get(s3, bucket) == TIERING.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({**TIERING.document, "Tierings": [{"Days": 89, "AccessTier": "ARCHIVE_ACCESS"}]}, "InvalidArgument"),
        ({**TIERING.document, "Tierings": TIERING.document["Tierings"][:1] * 2}, "MalformedXML"),
        (TIERING.with_id("another"), "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    TIERING.put(s3, bucket)
    with refused(code, 400):
        TIERING.put(s3, bucket, document)
    assert TIERING.get(s3, bucket) == TIERING.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TIERING.put(s3, bucket_name)
