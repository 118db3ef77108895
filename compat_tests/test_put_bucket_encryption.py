"""PutBucketEncryption."""

from __future__ import annotations

import pytest

from compat_tests.configurations import ENCRYPTION, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(ENCRYPTION.put(s3, bucket)) == 200
    assert ENCRYPTION.get(s3, bucket) == ENCRYPTION.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Rules": []}, "MalformedXML"),
        ({"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES128"}}]}, "MalformedXML"),
        (
            {
                "Rules": [
                    {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}
                ]
            },
            "InvalidArgument",
        ),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    ENCRYPTION.put(s3, bucket)
    with refused(code, 400):
        ENCRYPTION.put(s3, bucket, document)
    assert ENCRYPTION.get(s3, bucket) == ENCRYPTION.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ENCRYPTION.put(s3, bucket_name)
