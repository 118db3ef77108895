"""PutObjectRetention, and that what is retained cannot be destroyed."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.handmade import Raw
from compat_tests.locks import COMPLIANCE, DENIED, GOVERNANCE, put, retention, soon
from compat_tests.support import S3, Upload, refused


def retain(s3: S3, bucket: str, kept: dict[str, Any], **more: Any) -> None:
    s3.put_object_retention(Bucket=bucket, Key="k", Retention=kept, **more)


def test_kept_and_told(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    kept = retention(1)
    retain(s3, locked_bucket, kept)
    assert s3.get_object_retention(Bucket=locked_bucket, Key="k")["Retention"] == kept
    head = s3.head_object(Bucket=locked_bucket, Key="k")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == (
        kept["Mode"],
        kept["RetainUntilDate"],
    )


def test_one_version(s3: S3, locked_bucket: str) -> None:
    first = put(s3, locked_bucket)
    put(s3, locked_bucket)
    kept = retention(1)
    retain(s3, locked_bucket, kept, VersionId=first)
    found = s3.get_object_retention(Bucket=locked_bucket, Key="k", VersionId=first)
    assert found["Retention"] == kept
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(Bucket=locked_bucket, Key="k")


def test_governance(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    retain(s3, locked_bucket, retention(5))
    retain(s3, locked_bucket, retention(6))
    for lesser in (retention(4), retention(7, COMPLIANCE)):
        with refused(*DENIED):
            retain(s3, locked_bucket, lesser)
    retain(s3, locked_bucket, retention(4), BypassGovernanceRetention=True)
    found = s3.get_object_retention(Bucket=locked_bucket, Key="k")
    assert found["Retention"] == retention(4)


@pytest.mark.parametrize("wrong", [{"Mode": "governance", "RetainUntilDate": soon(1)}, {"Mode": GOVERNANCE}])
def test_what_is_no_retention(s3: S3, locked_bucket: str, wrong: dict[str, Any]) -> None:
    put(s3, locked_bucket)
    with refused("MalformedXML", 400):
        retain(s3, locked_bucket, wrong)


def test_a_time_that_is_past(s3: S3, locked_bucket: str) -> None:
    put(s3, locked_bucket)
    with refused("InvalidArgument", 400):
        retain(s3, locked_bucket, retention(-1))


def test_a_bucket_without_object_lock(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    with refused("InvalidRequest", 400):
        retain(s3, bucket, retention(1))
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", ObjectLockMode=GOVERNANCE, ObjectLockRetainUntilDate=soon(1))


def test_a_retained_version_cannot_be_destroyed(s3: S3, locked_bucket: str) -> None:
    version = put(s3, locked_bucket, ObjectLockMode=GOVERNANCE, ObjectLockRetainUntilDate=soon(1))
    which = {"Bucket": locked_bucket, "Key": "k", "VersionId": version}
    with refused(*DENIED):
        s3.delete_object(**which)
    marker = s3.delete_object(Bucket=locked_bucket, Key="k")
    assert marker["DeleteMarker"]
    with refused(*DENIED):
        s3.delete_object(**which)
    s3.delete_object(Bucket=locked_bucket, Key="k", VersionId=marker["VersionId"])
    entries = [{"Key": "k", "VersionId": version}]
    many = s3.delete_objects(Bucket=locked_bucket, Delete={"Objects": entries})
    assert [error["Code"] for error in many["Errors"]] == ["AccessDenied"]
    s3.put_object(Bucket=locked_bucket, Key="k", Body=b"newer")
    with s3.get_object(**which)["Body"] as stream:
        assert stream.read() == b"x"
    many = s3.delete_objects(
        Bucket=locked_bucket, Delete={"Objects": entries}, BypassGovernanceRetention=True
    )
    assert "Errors" not in many


def test_an_upload_and_a_copy_are_retained(s3: S3, locked_bucket: str) -> None:
    kept = {"ObjectLockMode": GOVERNANCE, "ObjectLockRetainUntilDate": soon(1)}
    upload = Upload.start(s3, locked_bucket, "uploaded", **kept)
    upload.put(1, b"part")
    versions = {"uploaded": upload.complete()["VersionId"]}
    put(s3, locked_bucket, "source")
    source = {"Bucket": locked_bucket, "Key": "source"}
    copied = s3.copy_object(Bucket=locked_bucket, Key="copied", CopySource=source, **kept)
    versions["copied"] = copied["VersionId"]
    for key, version in versions.items():
        with refused(*DENIED):
            s3.delete_object(Bucket=locked_bucket, Key=key, VersionId=version)


def test_headers_that_go_together(s3: S3, locked_bucket: str) -> None:
    for more in ({"ObjectLockMode": GOVERNANCE}, {"ObjectLockRetainUntilDate": soon(1)}):
        with refused("InvalidArgument", 400):
            s3.put_object(Bucket=locked_bucket, Key="k", Body=b"", **more)


def test_a_locked_body_comes_with_a_digest(raw: Raw, locked_bucket: str) -> None:
    headers: dict[str, str | bytes] = {"x-amz-object-lock-legal-hold": "ON"}
    raw.ask("PUT", f"/{locked_bucket}/k", headers=headers, body=b"x").refused("InvalidRequest", 400)
