from __future__ import annotations

from compat_tests.support import S3, refused
from compat_tests.test_put_bucket_acl import ALL_USERS, permissions, with_acls


def test_there_are_none_where_the_owner_is_enforced(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessControlListNotSupported", 400):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    with refused("AccessControlListNotSupported", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")


def test_canned_lists_and_grants(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    before = s3.head_object(Bucket=bucket, Key="k")

    def shown() -> set[tuple[str, str]]:
        return permissions(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"])

    s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    assert shown() == {("owner", "FULL_CONTROL"), ("AllUsers", "READ")}
    s3.put_object_acl(Bucket=bucket, Key="k", GrantReadACP=f'uri="{ALL_USERS}"')
    assert shown() == {("AllUsers", "READ_ACP")}
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    acl["Grants"][0]["Permission"] = "WRITE_ACP"
    document = {"Owner": acl["Owner"], "Grants": acl["Grants"]}
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=document)
    assert shown() == {("AllUsers", "WRITE_ACP")}
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def test_a_new_object_has_a_list_of_its_own(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for key in ("k", "copy"):
        grants = s3.get_object_acl(Bucket=bucket, Key=key)["Grants"]
        assert permissions(grants) == {("owner", "FULL_CONTROL")}


def test_no_key(s3: S3, bucket: str) -> None:
    with_acls(s3, bucket)
    with refused("NoSuchKey", 404):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
