"""GetObjectTagging."""

from __future__ import annotations

from typing import Any

from compat_tests.support import S3, refused


def test_none(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    answer = s3.get_object_tagging(Bucket=bucket, Key="k")
    assert answer["TagSet"] == []
    assert "VersionId" not in answer


def test_in_the_order_of_the_keys(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="b=1&a=2&c=3")
    found = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert [(tag["Key"], tag["Value"]) for tag in found] == [("a", "2"), ("b", "1"), ("c", "3")]


def test_missing(s3: S3, bucket: str, bucket_name: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="k")


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_object_tagging(Bucket=bucket_name, Key="k")


def test_a_delete_marker_has_none(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="k")
    with refused("MethodNotAllowed", 405):
        s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=marker)
