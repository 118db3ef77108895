"""PutObjectTagging, and the tags that come with PutObject, CopyObject and CreateMultipartUpload."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.support import S3, Upload, answer_headers, refused

TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": "é"}]


def tagging(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def tags_of(s3: S3, bucket: str, key: str, **more: Any) -> dict[str, str]:
    answer = s3.get_object_tagging(Bucket=bucket, Key=key, **more)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_a_new_set_takes_the_place_of_the_old(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": TAGS})
    assert tags_of(s3, bucket, "k") == {"a": "1", "b c": "é"}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tagging(("z", "")))
    assert tags_of(s3, bucket, "k") == {"z": ""}
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def test_the_number_of_tags_is_told(s3: S3, bucket: str, put: Any) -> None:
    put("k")
    assert "x-amz-tagging-count" not in answer_headers(s3.head_object(Bucket=bucket, Key="k"))
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": TAGS})
    assert answer_headers(s3.head_object(Bucket=bucket, Key="k"))["x-amz-tagging-count"] == "2"
    with s3.get_object(Bucket=bucket, Key="k")["Body"] as stream:
        stream.read()
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (tagging(("k" * 129, "v")), "InvalidTag"),
        (tagging(("k", "v" * 257)), "InvalidTag"),
        (tagging(("aws:k", "v")), "InvalidTag"),
        (tagging(("k", "1"), ("k", "2")), "InvalidTag"),
        (tagging(*((f"k{number}", "v") for number in range(11))), "BadRequest"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, put: Any, wrong: dict[str, Any], code: str) -> None:
    put("k")
    with refused(code, 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=wrong)
    assert tags_of(s3, bucket, "k") == {}


def test_versions_that_are_not_there(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    with refused("NoSuchVersion", 404) as error:
        s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=version, Tagging={"TagSet": TAGS})
    assert (error["Key"], error["VersionId"]) == ("k", version)
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("MethodNotAllowed", 405) as error:
        s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=marker, Tagging={"TagSet": TAGS})
    assert (error["Method"], error["ResourceType"]) == ("PUT", "DeleteMarker")


def test_no_such_key(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": TAGS})


def test_tags_come_with_the_object(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b+c=%C3%A9&d")
    assert tags_of(s3, bucket, "k") == {"a": "1", "b c": "é", "d": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert tags_of(s3, bucket, "k") == {}


def test_a_header_that_is_none_leaves_no_object(s3: S3, bucket: str) -> None:
    for wrong, code in (
        ("a=1&a=2", "InvalidArgument"),
        ("a=%zz", "InvalidArgument"),
        ("aws:a=1", "InvalidTag"),
    ):
        with refused(code, 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging=wrong)
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")


def test_tags_go_along_with_a_copy(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="copied", CopySource=source)
    assert tags_of(s3, bucket, "copied") == {"a": "1"}
    s3.copy_object(
        Bucket=bucket, Key="replaced", CopySource=source, TaggingDirective="REPLACE", Tagging="b=2"
    )
    assert tags_of(s3, bucket, "replaced") == {"b": "2"}
    s3.copy_object(Bucket=bucket, Key="dropped", CopySource=source, TaggingDirective="REPLACE")
    assert tags_of(s3, bucket, "dropped") == {}


def test_tags_of_an_upload(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k", Tagging="a=1")
    upload.put(1, b"part")
    upload.complete()
    assert tags_of(s3, bucket, "k") == {"a": "1"}


def test_each_version_has_its_own(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="n=1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2", Tagging="n=2")["VersionId"]
    answer = s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=first, Tagging=tagging(("n", "one")))
    assert answer["VersionId"] == first
    assert tags_of(s3, bucket, "k") == {"n": "2"}
    assert tags_of(s3, bucket, "k", VersionId=first) == {"n": "one"}
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["VersionId"] == second
