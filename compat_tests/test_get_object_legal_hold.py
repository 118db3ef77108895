"""GetObjectLegalHold."""

from __future__ import annotations

from typing import Any

from compat_tests.locks import put
from compat_tests.support import S3, refused


def test_as_it_was_put(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_legal_hold(Bucket=locked_bucket, Key="k")
    for status in ("ON", "OFF"):
        s3.put_object_legal_hold(Bucket=locked_bucket, Key="k", LegalHold={"Status": status})
        assert s3.get_object_legal_hold(Bucket=locked_bucket, Key="k")["LegalHold"] == {"Status": status}


def test_a_bucket_without_object_lock(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    with refused("InvalidRequest", 400):
        s3.get_object_legal_hold(Bucket=bucket, Key="k")


def test_of_a_version(s3: S3, locked_bucket: str) -> None:
    where = {"Bucket": locked_bucket, "Key": "k"}
    first, _ = (s3.put_object(**where, Body=body)["VersionId"] for body in (b"1", b"2"))
    s3.put_object_legal_hold(**where, VersionId=first, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**where, VersionId=first)["LegalHold"] == {"Status": "ON"}
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_legal_hold(**where)
    s3.put_object_legal_hold(**where, VersionId=first, LegalHold={"Status": "OFF"})


def test_no_such_key(s3: S3, locked_bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_legal_hold(Bucket=locked_bucket, Key="none")
