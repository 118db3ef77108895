from __future__ import annotations

from typing import Any

import pytest

from compat_tests.support import S3, refused


def rules(*names: str) -> dict[str, Any]:
    return {"Rules": [{"ObjectOwnership": name} for name in names]}


@pytest.mark.parametrize("name", ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
def test_it_is_returned(s3: S3, bucket: str, name: str) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules(name))
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == rules(name)


def test_a_bucket_may_be_made_with_them(s3: S3, bucket_name: str) -> None:
    s3.create_bucket(Bucket=bucket_name, ObjectOwnership="BucketOwnerPreferred")
    got = s3.get_bucket_ownership_controls(Bucket=bucket_name)["OwnershipControls"]
    assert got == rules("BucketOwnerPreferred")


def test_one_rule(s3: S3, bucket: str) -> None:
    with refused("MalformedXML", 400):
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls=rules("ObjectWriter", "BucketOwnerPreferred")
        )
    with refused("MalformedXML", 400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules("Somebody"))


def test_a_bucket_whose_acl_gives_something_keeps_acls(s3: S3, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules("ObjectWriter"))
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules("BucketOwnerEnforced"))
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules("BucketOwnerEnforced"))


def test_a_bucket_is_made_with_an_acl_only_where_there_are_any(s3: S3, bucket_name: str) -> None:
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.create_bucket(Bucket=bucket_name, ACL="public-read")
    s3.create_bucket(Bucket=bucket_name, ACL="private")
