"""GetBucketVersioning."""

from __future__ import annotations

from compat_tests.support import S3, refused


def test_a_bucket_without_versioning_says_nothing(s3: S3, bucket: str) -> None:
    answer = s3.get_bucket_versioning(Bucket=bucket)
    assert "Status" not in answer
    assert "MFADelete" not in answer


def test_it_says_what_was_put(s3: S3, bucket: str) -> None:
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_versioning(Bucket=bucket_name)
