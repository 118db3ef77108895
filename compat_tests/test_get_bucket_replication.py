"""GetBucketReplication."""

from __future__ import annotations

from compat_tests.configurations import REPLICATION
from compat_tests.support import S3, refused

CHANGED = {**REPLICATION.document, "Role": "arn:aws:iam::123456789012:role/other"}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("ReplicationConfigurationNotFoundError", 404):
        REPLICATION.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    REPLICATION.put(s3, bucket)
    assert REPLICATION.get(s3, bucket) == REPLICATION.document
    REPLICATION.put(s3, bucket, CHANGED)
    assert REPLICATION.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        REPLICATION.get(s3, bucket_name)
