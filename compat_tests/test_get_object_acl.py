from __future__ import annotations

from compat_tests.support import S3, refused


def test_the_owner_has_it_all(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    (grant,) = acl["Grants"]
    assert (grant["Permission"], grant["Grantee"]["ID"]) == ("FULL_CONTROL", acl["Owner"]["ID"])


def test_no_key(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_acl(Bucket=bucket, Key="k")


def test_of_a_version(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k")
    assert s3.get_object_acl(Bucket=bucket, Key="k", VersionId=version)["Grants"]
    with refused("NoSuchKey", 404):
        s3.get_object_acl(Bucket=bucket, Key="k")
