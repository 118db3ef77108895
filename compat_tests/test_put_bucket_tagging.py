"""PutBucketTagging."""

from __future__ import annotations

import pytest

from compat_tests.configurations import TAGGING, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(TAGGING.put(s3, bucket)) == 204
    assert TAGGING.get(s3, bucket) == TAGGING.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "InvalidTag"),
        ({"TagSet": [{"Key": "aws:a", "Value": "1"}]}, "InvalidTag"),
        ({"TagSet": [{"Key": "k" * 129, "Value": "1"}]}, "InvalidTag"),
        ({"TagSet": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}, "BadRequest"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    TAGGING.put(s3, bucket)
    with refused(code, 400):
        TAGGING.put(s3, bucket, document)
    assert TAGGING.get(s3, bucket) == TAGGING.document


def test_an_empty_set_is_none(s3: S3, bucket: str) -> None:
    TAGGING.put(s3, bucket)
    TAGGING.put(s3, bucket, {"TagSet": []})
    with refused("NoSuchTagSet", 404):
        TAGGING.get(s3, bucket)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TAGGING.put(s3, bucket_name)
