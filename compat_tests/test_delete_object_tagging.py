"""DeleteObjectTagging."""

from __future__ import annotations

from compat_tests.support import S3, refused, status_of


def test_all_tags_go(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1")
    for _ in range(2):
        assert status_of(s3.delete_object_tagging(Bucket=bucket, Key="k")) == 204
        assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_of_one_version(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="b=2")
    assert s3.delete_object_tagging(Bucket=bucket, Key="k", VersionId=first)["VersionId"] == first
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=first)["TagSet"] == []
    assert len(s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]) == 1


def test_no_such_key(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.delete_object_tagging(Bucket=bucket, Key="k")
