"""GetObjectAttributes."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.sums import BY_NAME
from compat_tests.support import (
    S3,
    Upload,
    answer_headers,
    big_part,
    etag_of,
    etag_of_parts,
    path_of,
    refused,
)

ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
BODY = b"123456789"


def test_all_of_a_plain_object(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert got["ETag"] == etag_of(BODY).strip('"')
    assert (got["ObjectSize"], got["StorageClass"]) == (9, "STANDARD")
    assert got["Checksum"] == {"ChecksumSHA256": BY_NAME["SHA256"].of(BODY), "ChecksumType": "FULL_OBJECT"}
    assert "ObjectParts" not in got
    assert got["LastModified"] == s3.head_object(Bucket=bucket, Key="k")["LastModified"]


@pytest.mark.parametrize("name", ["ETag", "StorageClass", "ObjectSize"])
def test_only_what_was_asked_for(s3: S3, bucket: str, name: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=[name])
    assert got.keys() & set(ALL) == {name}


def test_parts_of_an_upload_with_checksums(s3: S3, bucket: str) -> None:
    algorithm, bodies = BY_NAME["SHA256"], [big_part(1), b"two", b""]
    upload = Upload.start(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    for number, body in zip((2, 7), bodies, strict=False):
        upload.put(number, body, ChecksumAlgorithm="SHA256")
    upload.complete()
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert got["ETag"] == etag_of_parts(*bodies[:2]).strip('"')
    assert (
        got["Checksum"]["ChecksumSHA256"].partition("-")[0]
        == algorithm.composite(*bodies[:2]).partition("-")[0]
    )
    assert got["Checksum"]["ChecksumType"] == "COMPOSITE"
    parts = got["ObjectParts"]
    assert (parts["TotalPartsCount"], parts["IsTruncated"], parts["MaxParts"]) == (2, False, 1000)
    shown = [(p["PartNumber"], p["Size"], p["ChecksumSHA256"]) for p in parts["Parts"]]
    assert shown == [(2, len(bodies[0]), algorithm.of(bodies[0])), (7, 3, algorithm.of(bodies[1]))]


def test_parts_of_an_upload_with_a_checksum_of_the_whole(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k")
    upload.put(1, big_part(1))
    upload.put(2, b"two")
    upload.complete()
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert got["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert [part["Size"] for part in got["ObjectParts"]["Parts"]] == [len(big_part(1)), 3]


def test_parts_come_in_pages(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k", ChecksumAlgorithm="CRC32")
    upload.put(1, big_part(1), ChecksumAlgorithm="CRC32")
    upload.put(2, b"two", ChecksumAlgorithm="CRC32")
    upload.complete()
    first = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=1)
    parts = first["ObjectParts"]
    assert ([p["PartNumber"] for p in parts["Parts"]], parts["IsTruncated"]) == ([1], True)
    assert (parts["NextPartNumberMarker"], parts["MaxParts"]) == (1, 1)
    rest = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], PartNumberMarker=1
    )["ObjectParts"]
    assert ([p["PartNumber"] for p in rest["Parts"]], rest["IsTruncated"]) == ([2], False)
    assert rest["PartNumberMarker"] == 1


def test_no_such_key(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])


def test_unknown_attribute(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    with refused("InvalidArgument", 400):
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Colour"])


def test_no_attribute(raw: Raw, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    answer = raw.ask("GET", path_of(bucket, "k"), "attributes=")
    assert answer.status == 400
    assert answer.error["Code"] in ("InvalidRequest", "InvalidArgument")


def test_last_modified_is_a_header(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    assert answer_headers(got)["last-modified"]
