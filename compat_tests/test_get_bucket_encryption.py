"""GetBucketEncryption."""

from __future__ import annotations

from compat_tests.configurations import ENCRYPTION
from compat_tests.support import S3, refused

CHANGED = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("ServerSideEncryptionConfigurationNotFoundError", 404):
        ENCRYPTION.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    ENCRYPTION.put(s3, bucket)
    assert ENCRYPTION.get(s3, bucket) == ENCRYPTION.document
    ENCRYPTION.put(s3, bucket, CHANGED)
    assert ENCRYPTION.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ENCRYPTION.get(s3, bucket_name)
