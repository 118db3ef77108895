"""CopyObject."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import (
    FAR_AHEAD,
    LONG_AGO,
    S3,
    body_of,
    etag_of,
    path_of,
    refused,
    refused_head,
)

BODY = b"the source"
DESCRIBED: dict[str, Any] = {
    "ContentType": "text/source",
    "CacheControl": "max-age=5",
    "ContentDisposition": "inline",
    "ContentEncoding": "gzip",
    "ContentLanguage": "en",
    "Metadata": {"from": "source"},
}


@pytest.fixture
def source(s3: S3, bucket: str) -> dict[str, str]:
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, **DESCRIBED)
    return {"Bucket": bucket, "Key": "source"}


def test_bytes_headers_and_metadata_go_along(s3: S3, bucket: str, source: dict[str, str]) -> None:
    result = s3.copy_object(Bucket=bucket, Key="target", CopySource=source)["CopyObjectResult"]
    assert result["ETag"] == etag_of(BODY)
    got = s3.get_object(Bucket=bucket, Key="target")
    assert (got["Body"].read(), got["ETag"]) == (BODY, etag_of(BODY))
    assert {name: got[name] for name in DESCRIBED} == DESCRIBED
    assert result["LastModified"].replace(microsecond=0) == got["LastModified"]


def test_into_another_bucket(s3: S3, other_bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=other_bucket, Key="target", CopySource=source)
    s3.delete_object(**source)
    assert body_of(s3, other_bucket, "target") == BODY


def test_the_copy_outlives_its_source(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="target", CopySource=source)
    s3.put_object(Bucket=bucket, Key="source", Body=b"changed")
    assert body_of(s3, bucket, "target") == BODY
    s3.delete_object(Bucket=bucket, Key="target")
    assert body_of(s3, bucket, "source") == b"changed"


def test_replace_takes_nothing_of_the_description(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(
        Bucket=bucket,
        Key="target",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"new": "1"},
        ContentType="text/new",
    )
    got = s3.head_object(Bucket=bucket, Key="target")
    assert (got["ContentType"], got["Metadata"]) == ("text/new", {"new": "1"})
    assert not {"CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage"} & got.keys()


def test_replace_with_nothing(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="target", CopySource=source, MetadataDirective="REPLACE")
    got = s3.head_object(Bucket=bucket, Key="target")
    assert (got["ContentType"], got["Metadata"]) == ("binary/octet-stream", {})


def test_copy_passes_over_a_new_description(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(
        Bucket=bucket,
        Key="target",
        CopySource=source,
        MetadataDirective="COPY",
        Metadata={"new": "1"},
        ContentType="x/y",
    )
    got = s3.head_object(Bucket=bucket, Key="target")
    assert (got["ContentType"], got["Metadata"]) == ("text/source", {"from": "source"})


def test_a_redirect_is_not_copied(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", WebsiteRedirectLocation="/there")
    s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": "k"})
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="target")


def test_unknown_directive(s3: S3, bucket: str, source: dict[str, str]) -> None:
    with refused("InvalidArgument", 400):
        s3.copy_object(Bucket=bucket, Key="target", CopySource=source, MetadataDirective="MOVE")


# Onto itself


@pytest.mark.parametrize(
    "more", [{}, {"MetadataDirective": "COPY"}, {"Metadata": {"a": "1"}}], ids=["plain", "copy", "meta"]
)
def test_onto_itself_without_a_change(
    s3: S3, bucket: str, source: dict[str, str], more: dict[str, Any]
) -> None:
    with refused("InvalidRequest", 400):
        s3.copy_object(**source, CopySource=source, **more)


def test_onto_itself_with_other_metadata(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"new": "2"})
    got = s3.get_object(**source)
    assert (got["Body"].read(), got["Metadata"]) == (BODY, {"new": "2"})


def test_an_earlier_version_is_brought_back(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    where = {"Bucket": bucket, "Key": "k"}
    first = s3.put_object(**where, Body=b"first")["VersionId"]
    s3.put_object(**where, Body=b"second")
    s3.copy_object(**where, CopySource={**where, "VersionId": first})
    assert body_of(s3, bucket, "k") == b"first"


def test_onto_itself_where_the_bucket_has_a_default_encryption(
    s3: S3, bucket: str, source: dict[str, str]
) -> None:
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    assert s3.copy_object(**source, CopySource=source)["ServerSideEncryption"] == "AES256"


# The source


@pytest.mark.parametrize(
    "key",
    [
        "a b",
        "a+b",
        "a%20b",
        "%41",
        "ü/ユニ",
        "a//b",
        "a/../b",
        "?versionId=null",
        "q?x=1&y#z",
        "a=b;c",
        "/lead",
    ],
)
def test_special_characters_in_the_source(s3: S3, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": key})
    assert body_of(s3, bucket, "target") == key.encode()


@pytest.mark.parametrize("lead", ["", "/"], ids=["bare", "slash"])
@pytest.mark.parametrize("safe", ["", "/"], ids=["slashes_encoded", "slashes_bare"])
def test_ways_to_write_the_source(raw: Raw, s3: S3, bucket: str, lead: str, safe: str) -> None:
    s3.put_object(Bucket=bucket, Key="dir/a ü", Body=b"x")
    source = lead + quote(f"{bucket}/dir/a ü", safe=safe)
    answer = raw.ask("PUT", path_of(bucket, "target"), headers={"x-amz-copy-source": source})
    assert (answer.status, body_of(s3, bucket, "target")) == (200, b"x")


def test_version_null_of_the_source(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="target", CopySource={**source, "VersionId": "null"})
    assert body_of(s3, bucket, "target") == BODY


@pytest.mark.parametrize(
    "value", ["", "/", "justabucket", "bucket/"], ids=["empty", "slash", "no_key", "empty_key"]
)
def test_malformed_source(raw: Raw, s3: S3, bucket: str, value: str) -> None:
    headers = {"x-amz-copy-source": value}
    raw.ask("PUT", path_of(bucket, "target"), headers=dict(headers)).refused("InvalidArgument", 400)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="target")


def test_no_such_source(s3: S3, bucket: str, other_bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="t", CopySource={"Bucket": bucket, "Key": "none"})
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="t", CopySource={"Bucket": other_bucket + "-no", "Key": "k"})


def test_no_such_target_bucket(s3: S3, bucket: str, source: dict[str, str]) -> None:
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket + "-no", Key="t", CopySource=source)


@pytest.mark.parametrize(
    "conditions",
    [
        {"CopySourceIfMatch": etag_of(BODY)},
        {"CopySourceIfNoneMatch": etag_of(b"other")},
        {"CopySourceIfModifiedSince": LONG_AGO},
        {"CopySourceIfUnmodifiedSince": FAR_AHEAD},
        {"CopySourceIfMatch": etag_of(BODY), "CopySourceIfUnmodifiedSince": LONG_AGO},
    ],
    ids="-".join,
)
def test_conditions_that_hold(
    s3: S3, bucket: str, source: dict[str, str], conditions: dict[str, Any]
) -> None:
    s3.copy_object(Bucket=bucket, Key="target", CopySource=source, **conditions)
    assert body_of(s3, bucket, "target") == BODY


@pytest.mark.parametrize(
    "conditions",
    [
        {"CopySourceIfMatch": etag_of(b"other")},
        {"CopySourceIfNoneMatch": etag_of(BODY)},
        {"CopySourceIfModifiedSince": "last"},
        {"CopySourceIfUnmodifiedSince": LONG_AGO},
        {"CopySourceIfNoneMatch": etag_of(BODY), "CopySourceIfModifiedSince": LONG_AGO},
    ],
    ids="-".join,
)
def test_conditions_that_fail(
    s3: S3, bucket: str, source: dict[str, str], conditions: dict[str, Any]
) -> None:
    """All of them are 412 here, the two that are 304 on GET included."""
    modified = s3.head_object(**source)["LastModified"]
    asked = {name: modified if value == "last" else value for name, value in conditions.items()}
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="target", CopySource=source, **asked)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="target")


# The target


def test_if_none_match_on_the_target(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="target", CopySource=source, IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="source", Body=b"second")
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="target", CopySource=source, IfNoneMatch="*")
    assert body_of(s3, bucket, "target") == BODY


def test_if_match_on_the_target(s3: S3, bucket: str, source: dict[str, str]) -> None:
    s3.put_object(Bucket=bucket, Key="target", Body=b"old")
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="target", CopySource=source, IfMatch=etag_of(b"other"))
    assert body_of(s3, bucket, "target") == b"old"
    s3.copy_object(Bucket=bucket, Key="target", CopySource=source, IfMatch=etag_of(b"old"))
    assert body_of(s3, bucket, "target") == BODY
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="none", CopySource=source, IfMatch=etag_of(b"old"))


# Kinds of objects


def test_an_empty_object(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": "empty"})
    assert body_of(s3, bucket, "target") == b""


def test_a_multipart_object(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    key, bodies = multipart
    answer = s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": key})
    s3.delete_object(Bucket=bucket, Key=key)
    got = s3.get_object(Bucket=bucket, Key="target")
    assert got["Body"].read() == b"".join(bodies)
    assert got["ETag"] == answer["CopyObjectResult"]["ETag"]


def test_the_copy_of_a_multipart_object_is_named_by_its_md5(
    s3: S3, bucket: str, multipart: tuple[str, list[bytes]]
) -> None:
    """ "Object" in the API reference: what Copy makes has an ETag that is the MD5 of its bytes."""
    key, bodies = multipart
    answer = s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": key})
    assert answer["CopyObjectResult"]["ETag"] == etag_of(b"".join(bodies))


def test_the_checksum_goes_along(s3: S3, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    answer = s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": "k"})
    assert answer["CopyObjectResult"]["ChecksumSHA256"] == put["ChecksumSHA256"]
    got = s3.head_object(Bucket=bucket, Key="target", ChecksumMode="ENABLED")
    assert got["ChecksumSHA256"] == put["ChecksumSHA256"]


def test_another_checksum_may_be_asked_for(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", ChecksumAlgorithm="SHA256")
    source = {"Bucket": bucket, "Key": "k"}
    answer = s3.copy_object(Bucket=bucket, Key="target", CopySource=source, ChecksumAlgorithm="CRC32")
    assert answer["CopyObjectResult"]["ChecksumCRC32"] == "y/Q5Jg=="
    got = s3.head_object(Bucket=bucket, Key="target", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC32"], got["ChecksumType"]) == ("y/Q5Jg==", "FULL_OBJECT")
    assert "ChecksumSHA256" not in got
