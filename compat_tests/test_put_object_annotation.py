"""PutObjectAnnotation, and how annotations live with their object."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from compat_tests.support import S3, etag_of, refused

TEXT = '{"labels": ["cat", "Käse"]}'.encode()
LARGE = ("ä" * ((1 << 20) // 2)).encode()


@pytest.fixture
def where(s3: S3, bucket: str) -> dict[str, str]:
    s3.put_object(Bucket=bucket, Key="k", Body=b"the object", Metadata={"a": "b"})
    return {"Bucket": bucket, "Key": "k"}


def put(s3: S3, where: dict[str, str], name: str, text: bytes = TEXT, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = s3.put_object_annotation(
        **where, AnnotationName=name, AnnotationPayload=text, **more
    )
    return answer


def got(s3: S3, where: dict[str, str], name: str, **more: Any) -> bytes:
    text: bytes = s3.get_object_annotation(**where, AnnotationName=name, **more)["AnnotationPayload"].read()
    return text


def test_a_text_beside_the_object_which_does_not_change(s3: S3, where: dict[str, str]) -> None:
    before = s3.head_object(**where)
    answer = put(s3, where, "ml.labels-1")
    assert (answer["AnnotationName"], answer["Key"], answer["ETag"]) == ("ml.labels-1", "k", etag_of(TEXT))
    assert got(s3, where, "ml.labels-1") == TEXT
    after = s3.head_object(**where)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def test_a_second_one_of_the_name_replaces_the_first(s3: S3, where: dict[str, str]) -> None:
    put(s3, where, "a")
    put(s3, where, "a", b"another")
    assert got(s3, where, "a") == b"another"
    assert s3.list_object_annotations(**where)["AnnotationCount"] == 1


def test_of_a_mebibyte_and_no_more(s3: S3, where: dict[str, str]) -> None:
    put(s3, where, "large", LARGE)
    assert got(s3, where, "large") == LARGE
    with refused("EntityTooLarge", 400):
        put(s3, where, "larger", LARGE + b"x")
    with refused("InvalidRequest", 400):
        put(s3, where, "empty", b"")


@pytest.mark.parametrize("name", ["aws.mine", "S3x", "a b", "a/b", "a:b"])
def test_a_name_that_is_none(s3: S3, where: dict[str, str], name: str) -> None:
    with refused("InvalidAnnotationName", 400):
        put(s3, where, name)


def test_names_of_any_letters_up_to_512_bytes(s3: S3, where: dict[str, str]) -> None:
    put(s3, where, "ä" * 256)
    put(s3, where, "名前_1.2-3")
    assert got(s3, where, "名前_1.2-3") == TEXT
    with refused("AnnotationNameTooLong", 400):
        put(s3, where, "ä" * 257)


def test_what_is_no_text(s3: S3, where: dict[str, str]) -> None:
    with refused("UnsupportedMediaType", 415):
        put(s3, where, "a", b"\xff\xfe")


def test_a_checksum_is_checked_and_kept(s3: S3, where: dict[str, str]) -> None:
    sha256 = base64.b64encode(hashlib.sha256(TEXT).digest()).decode()
    assert put(s3, where, "a", ChecksumSHA256=sha256)["ChecksumSHA256"] == sha256
    answer = s3.get_object_annotation(**where, AnnotationName="a", ChecksumMode="ENABLED")
    assert answer["ChecksumSHA256"] == sha256
    with refused("BadDigest", 400):
        put(s3, where, "b", ChecksumSHA256=base64.b64encode(bytes(32)).decode())
    assert s3.list_object_annotations(**where)["AnnotationCount"] == 1


def test_with_a_condition_on_the_object(s3: S3, where: dict[str, str]) -> None:
    with refused("PreconditionFailed", 412):
        put(s3, where, "a", ObjectIfMatch='"another"')
    put(s3, where, "a", ObjectIfMatch=s3.head_object(**where)["ETag"])


def test_of_nothing(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        put(s3, {"Bucket": bucket, "Key": "none"}, "a")


@pytest.mark.parametrize("algorithm", ["AES256", "aws:kms"])
def test_encrypted_as_the_object_is(s3: S3, bucket: str, algorithm: str) -> None:
    where = {"Bucket": bucket, "Key": "sealed"}
    s3.put_object(**where, Body=b"x", ServerSideEncryption=algorithm)
    assert put(s3, where, "a")["ServerSideEncryption"] == algorithm
    answer = s3.get_object_annotation(**where, AnnotationName="a")
    assert (answer["AnnotationPayload"].read(), answer["ServerSideEncryption"]) == (TEXT, algorithm)


def test_none_under_a_customers_key(s3: S3, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "customers"}
    s3.put_object(**where, Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    with refused("InvalidRequest", 400):
        put(s3, where, "a")


def test_they_end_with_their_object(s3: S3, where: dict[str, str]) -> None:
    put(s3, where, "a")
    s3.put_object(**where, Body=b"another object")
    assert s3.list_object_annotations(**where)["AnnotationCount"] == 0
    with refused("NoSuchAnnotation", 404):
        got(s3, where, "a")


def test_each_version_has_its_own(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    where = {"Bucket": bucket, "Key": "k"}
    old = s3.put_object(**where, Body=b"old")["VersionId"]
    put(s3, where, "a")
    new = s3.put_object(**where, Body=b"new")["VersionId"]
    assert put(s3, where, "a", b"of the new")["ObjectVersionId"] == new
    put(s3, where, "b", b"late", VersionId=old)
    assert got(s3, where, "a", VersionId=old) == TEXT
    assert got(s3, where, "a") == b"of the new"
    names = s3.list_object_annotations(**where, VersionId=old)["Annotations"]
    assert [each["AnnotationName"] for each in names] == ["a", "b"]


@pytest.mark.parametrize("target", [{}, {"ServerSideEncryption": "aws:kms"}], ids=["plain", "encrypted"])
def test_a_copy_takes_them_along_unless_it_is_told_not_to(
    s3: S3, where: dict[str, str], target: dict[str, Any]
) -> None:
    put(s3, where, "a")
    put(s3, where, "b", b"another")
    copy = {"Bucket": where["Bucket"], "Key": "copy"}
    s3.copy_object(**copy, CopySource=where, **target)
    s3.delete_object(**where)
    assert got(s3, copy, "a") == TEXT
    assert got(s3, copy, "b") == b"another"
    s3.copy_object(
        Bucket=copy["Bucket"], Key="bare", CopySource=copy, AnnotationDirective="EXCLUDE", **target
    )
    assert s3.list_object_annotations(Bucket=copy["Bucket"], Key="bare")["AnnotationCount"] == 0


@pytest.mark.parametrize("versioned", [False, True])
def test_a_rename_takes_them_along(s3: S3, where: dict[str, str], versioned: bool) -> None:
    if versioned:
        configuration = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=where["Bucket"], VersioningConfiguration=configuration)
    put(s3, where, "a")
    s3.rename_object(Bucket=where["Bucket"], Key="renamed", RenameSource="k")
    assert got(s3, {"Bucket": where["Bucket"], "Key": "renamed"}, "a") == TEXT
