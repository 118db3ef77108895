from __future__ import annotations

from compat_tests.support import S3, refused


def test_the_owner_has_it_all(s3: S3, bucket: str) -> None:
    acl = s3.get_bucket_acl(Bucket=bucket)
    (grant,) = acl["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"
    assert grant["Grantee"] == {"Type": "CanonicalUser", **acl["Owner"]}
    assert acl["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_acl(Bucket=bucket_name)
