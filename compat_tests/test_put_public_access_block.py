from __future__ import annotations

from compat_tests.support import S3, refused


def test_it_is_returned(s3: S3, bucket: str) -> None:
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    got = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert got == block


def test_what_is_not_said_is_off(s3: S3, bucket: str) -> None:
    block = {"BlockPublicPolicy": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    got = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert [name for name, on in got.items() if on] == ["BlockPublicPolicy"]


def test_something_must_be_said(s3: S3, bucket: str) -> None:
    with refused("InvalidRequest", 400):
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={})
