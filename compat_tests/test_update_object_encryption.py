"""UpdateObjectEncryption."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.support import S3, bytes_of, refused

BODY = bytes_of(100_000)
KEPT = ("ETag", "LastModified", "ContentType", "Metadata", "ContentLength")


def wanted(arn: str, **more: Any) -> dict[str, Any]:
    return {"SSEKMS": {"KMSKeyArn": arn, **more}}


@pytest.fixture
def arn(s3: S3, bucket: str) -> str:
    """The ARN of a key that the endpoint has."""
    found: str = s3.put_object(Bucket=bucket, Key="any", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    return found


@pytest.mark.parametrize("method", ["AES256", "aws:kms"])
@pytest.mark.parametrize("bucket_key", [False, True], ids=["the key", "a bucket key"])
def test_the_key_changes_and_nothing_else(
    s3: S3, bucket: str, arn: str, method: str, bucket_key: bool
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption=method, Metadata={"a": "b"})
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.update_object_encryption(
        Bucket=bucket, Key="k", ObjectEncryption=wanted(arn, BucketKeyEnabled=bucket_key)
    )
    after = s3.get_object(Bucket=bucket, Key="k")
    assert after["Body"].read() == BODY
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"]) == ("aws:kms", arn)
    assert after.get("BucketKeyEnabled", False) == bucket_key


def test_of_a_version(s3: S3, bucket: str, arn: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old", ServerSideEncryption="AES256")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"new", ServerSideEncryption="AES256")
    s3.update_object_encryption(Bucket=bucket, Key="k", VersionId=old, ObjectEncryption=wanted(arn))
    found = s3.get_object(Bucket=bucket, Key="k", VersionId=old)
    assert (found["Body"].read(), found["ServerSideEncryption"]) == (b"old", "aws:kms")
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


def test_what_cannot_be_changed(s3: S3, bucket: str, arn: str) -> None:
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    s3.put_object(Bucket=bucket, Key="customers", Body=BODY, **key)
    with refused("InvalidRequest", 400) as error:
        s3.update_object_encryption(Bucket=bucket, Key="customers", ObjectEncryption=wanted(arn))
    assert "doesn't support source objects with the encryption type DSSE-KMS or SSE-C" in error["Message"]
    with refused("NoSuchKey", 404):
        s3.update_object_encryption(Bucket=bucket, Key="none", ObjectEncryption=wanted(arn))


def test_an_unencrypted_object(s3: S3, bucket: str, arn: str) -> None:
    """On AWS there is none: every object has SSE-S3 at the least."""
    s3.put_object(Bucket=bucket, Key="plain", Body=BODY)
    if "ServerSideEncryption" in s3.head_object(Bucket=bucket, Key="plain"):
        pytest.skip("the endpoint encrypts every object")
    with refused("InvalidRequest", 400) as error:
        s3.update_object_encryption(Bucket=bucket, Key="plain", ObjectEncryption=wanted(arn))
    assert "unencrypted source objects" in error["Message"]


def test_a_key_that_is_not_there(s3: S3, bucket: str, arn: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="AES256")
    missing = arn.rpartition("/")[0] + "/00000000-0000-4000-8000-000000000000"
    with refused("KMS.NotFoundException", 400):
        s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=wanted(missing))
    with refused("InvalidArgument", 400):
        s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=wanted("arn:aws:kms:not-an-arn"))
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
