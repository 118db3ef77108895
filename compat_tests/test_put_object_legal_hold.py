"""PutObjectLegalHold."""

from __future__ import annotations

from typing import Any

from compat_tests.locks import DENIED, put, retention
from compat_tests.support import S3, Upload, refused


def hold(s3: S3, bucket: str, status: str, **more: Any) -> None:
    s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": status}, **more)


def test_on_and_off(s3: S3, locked_bucket: str) -> None:
    version = put(s3, locked_bucket)
    which = {"Bucket": locked_bucket, "Key": "k", "VersionId": version}
    hold(s3, locked_bucket, "ON")
    assert s3.head_object(Bucket=locked_bucket, Key="k")["ObjectLockLegalHoldStatus"] == "ON"
    for bypass in (False, True):
        with refused(*DENIED):
            s3.delete_object(**which, BypassGovernanceRetention=bypass)
    hold(s3, locked_bucket, "OFF")
    s3.delete_object(**which)


def test_beside_a_retention(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    kept = retention(1)
    s3.put_object_retention(Bucket=locked_bucket, Key="k", Retention=kept)
    hold(s3, locked_bucket, "ON")
    assert s3.get_object_retention(Bucket=locked_bucket, Key="k")["Retention"] == kept
    s3.put_object_retention(
        Bucket=locked_bucket, Key="k", Retention=retention(2), BypassGovernanceRetention=True
    )
    assert s3.get_object_legal_hold(Bucket=locked_bucket, Key="k")["LegalHold"] == {"Status": "ON"}


def test_with_the_object(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket, ObjectLockLegalHoldStatus="ON")
    upload = Upload.start(s3, locked_bucket, "uploaded", ObjectLockLegalHoldStatus="ON")
    upload.put(1, b"part")
    upload.complete()
    for key in ("k", "uploaded"):
        assert s3.get_object_legal_hold(Bucket=locked_bucket, Key=key)["LegalHold"] == {"Status": "ON"}


def test_a_status_that_is_none(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    with refused("MalformedXML", 400):
        hold(s3, locked_bucket, "maybe")


def test_a_bucket_without_object_lock(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    with refused("InvalidRequest", 400):
        hold(s3, bucket, "ON")
