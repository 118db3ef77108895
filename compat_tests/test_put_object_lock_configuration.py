"""PutObjectLockConfiguration, and what a bucket's default retention makes of new versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compat_tests.locks import GOVERNANCE, default, put, soon
from compat_tests.support import S3, Upload, refused


def set_lock(s3: S3, bucket: str, document: dict[str, Any]) -> None:
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=document)


def test_kept_and_returned_exactly(s3: S3, locked_bucket: str) -> None:
    for document in (default(Days=1), default(Years=2), {"ObjectLockEnabled": "Enabled"}):
        set_lock(s3, locked_bucket, document)
        answer = s3.get_object_lock_configuration(Bucket=locked_bucket)
        assert answer["ObjectLockConfiguration"] == document


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (default(Days=1, Years=1), "MalformedXML"),
        (default(), "MalformedXML"),
        (default(Days=0), "InvalidRetentionPeriod"),
        (default(Years=-1), "InvalidRetentionPeriod"),
        (default(Days=1, Mode="governance"), "MalformedXML"),
        ({**default(Days=1), "ObjectLockEnabled": "Disabled"}, "MalformedXML"),
        ({"Rule": default(Days=1)["Rule"]}, "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, locked_bucket: str, wrong: dict[str, Any], code: str) -> None:
    with refused(code, 400):
        set_lock(s3, locked_bucket, wrong)
    answer = s3.get_object_lock_configuration(Bucket=locked_bucket)
    assert answer["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}


def test_a_request_without_a_document(s3: S3, locked_bucket: str) -> None:
    with refused("MissingRequestBodyError", 400):
        s3.put_object_lock_configuration(Bucket=locked_bucket)


def test_a_bucket_needs_versioning(s3: S3, bucket: str) -> None:
    with refused("InvalidBucketState", 409):
        set_lock(s3, bucket, default(Days=1))
    for status in ("Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        if status == "Suspended":
            with refused("InvalidBucketState", 409):
                set_lock(s3, bucket, default(Days=1))
    set_lock(s3, bucket, default(Days=1))


def test_versioning_stays_on(s3: S3, locked_bucket: str) -> None:
    assert s3.get_bucket_versioning(Bucket=locked_bucket)["Status"] == "Enabled"
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=locked_bucket, VersioningConfiguration={"Status": "Suspended"})


def test_the_default_holds_for_new_versions(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket, "before")
    set_lock(s3, locked_bucket, default(Days=2))
    put(s3, locked_bucket)
    upload = Upload.start(s3, locked_bucket, "uploaded")
    upload.put(1, b"part")
    upload.complete()
    s3.copy_object(Bucket=locked_bucket, Key="copied", CopySource={"Bucket": locked_bucket, "Key": "before"})
    for key in ("k", "uploaded", "copied"):
        kept = s3.get_object_retention(Bucket=locked_bucket, Key=key)["Retention"]
        assert kept["Mode"] == GOVERNANCE
        assert abs(kept["RetainUntilDate"] - soon(2)) < timedelta(minutes=5)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(Bucket=locked_bucket, Key="before")


def test_a_request_beats_the_default(s3: S3, locked_bucket: str) -> None:
    set_lock(s3, locked_bucket, default(Days=2))
    until = soon(9)
    put(s3, locked_bucket, ObjectLockMode=GOVERNANCE, ObjectLockRetainUntilDate=until)
    kept = s3.get_object_retention(Bucket=locked_bucket, Key="k")["Retention"]
    assert kept == {"Mode": GOVERNANCE, "RetainUntilDate": until}
