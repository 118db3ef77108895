"""Headers and metadata of an object: parsed, stored and returned."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.records import Checksum, Object, Properties
from s3api.errors import S3Error
from s3api.operations.steps.describe import STORAGE_CLASSES, object_members, parse_properties


def record(**more: Any) -> Object:
    fields: dict[str, Any] = {
        "bucket_id": 1,
        "key": "k",
        "version_id": "null",
        "data_id": b"\0" * 16,
        "etag": "abc",
        "size": 3,
        "modified_us": 7,
        "owner": "alice",
        "properties": Properties(),
        "checksum": Checksum("CRC32", "FULL_OBJECT", "AAAAAA=="),
        "parts": 0,
        "extent": None,
    }
    return Object(**fields | more)


def test_a_plain_object() -> None:
    assert object_members(record()) == {
        "AcceptRanges": "bytes",
        "LastModified": 7,
        "ContentLength": 3,
        "ETag": '"abc"',
        "ContentType": "binary/octet-stream",
        "Metadata": {},
    }


def test_checksum_only_when_asked_for() -> None:
    shown = object_members(record(), checksum_mode="ENABLED")
    assert (shown["ChecksumCRC32"], shown["ChecksumType"]) == ("AAAAAA==", "FULL_OBJECT")
    assert "ChecksumType" not in object_members(record(checksum=None), checksum_mode="ENABLED")


def test_everything_comes_back() -> None:
    said: Any = {
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a.jpg"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "image/jpeg",
        "Expires": "Thu, 01 Dec 2033 16:00:00 GMT",
        "Metadata": {"colour": "blue"},
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    shown = object_members(record(properties=parse_properties(said)))
    assert {name: shown[name] for name in said} == said


def test_members_of_other_groups_are_passed_over() -> None:
    more: Any = {"ContentMD5": "x", "IfMatch": "y", "ContentType": "text/plain"}
    assert parse_properties(more) == Properties({"ContentType": "text/plain"})
    assert parse_properties({}) == Properties()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("aws-chunked", None),
        ("aws-chunked,gzip", "gzip"),
        ("gzip, AWS-Chunked", "gzip"),
        ("gzip, br", "gzip, br"),
    ],
)
def test_aws_chunked_is_not_stored(sent: str, kept: str | None) -> None:
    assert parse_properties({"ContentEncoding": sent}).headers.get("ContentEncoding") == kept


def test_two_kilobytes_of_metadata() -> None:
    assert parse_properties({"Metadata": {"a" * 48: "b" * 2000}})
    with pytest.raises(S3Error) as caught:
        parse_properties({"Metadata": {"a" * 48: "b" * 1999 + "ü"}})
    assert (caught.value.code, caught.value.details["Size"]) == ("MetadataTooLarge", "2049")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"StorageClass": "COLD"}, "InvalidStorageClass"),
        ({"StorageClass": "OUTPOSTS"}, "InvalidStorageClass"),
        ({"StorageClass": "standard"}, "InvalidStorageClass"),
        ({"WebsiteRedirectLocation": "elsewhere"}, "InvalidRedirectLocation"),
        ({"WebsiteRedirectLocation": "/" + "a" * 2048}, "InvalidRedirectLocation"),
        ({"ContentDisposition": "a" * 9000}, "RequestHeaderSectionTooLarge"),
        ({"ContentType": "text/plain\r\nX-Evil: 1"}, "InvalidArgument"),
        ({"Metadata": {"a": "b\x00"}}, "InvalidArgument"),
    ],
)
def test_refusals(said: Any, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse_properties(said)
    assert caught.value.code == code


def test_storage_classes_are_stored_and_standard_is_not_shown() -> None:
    for name in STORAGE_CLASSES:
        shown = object_members(record(properties=parse_properties({"StorageClass": name})))
        assert shown.get("StorageClass", "STANDARD") == name
        assert ("StorageClass" in shown) == (name != "STANDARD")
