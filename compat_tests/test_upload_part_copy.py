"""UploadPartCopy."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from compat_tests.support import (
    FAR_AHEAD,
    LONG_AGO,
    S3,
    Upload,
    big_part,
    body_of,
    etag_of,
    etag_of_parts,
    refused,
)

BODY = b"0123456789"


@pytest.fixture
def upload(s3: S3, bucket: str) -> Upload:
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    return Upload.start(s3, bucket, "k")


def copy(upload: Upload, number: int = 1, key: str = "source", **more: Any) -> dict[str, Any]:
    """Copy a part; what completion must say of it is added to the upload's parts."""
    source = {"Bucket": upload.bucket, "Key": key}
    answer = upload.s3.upload_part_copy(**upload.where, PartNumber=number, CopySource=source, **more)
    result: dict[str, Any] = answer["CopyPartResult"]
    upload.parts.append({"PartNumber": number, "ETag": result["ETag"]})
    return result


def test_a_whole_object(s3: S3, upload: Upload) -> None:
    result = copy(upload)
    assert result["ETag"] == etag_of(BODY)
    assert result["LastModified"] > LONG_AGO
    assert upload.complete()["ETag"] == etag_of_parts(BODY)
    assert body_of(s3, upload.bucket, "k") == BODY


@pytest.mark.parametrize(("first", "last"), [(0, 0), (2, 5), (9, 9), (0, 9)])
def test_a_range(s3: S3, upload: Upload, first: int, last: int) -> None:
    result = copy(upload, CopySourceRange=f"bytes={first}-{last}")
    assert result["ETag"] == etag_of(BODY[first : last + 1])
    upload.complete()
    assert body_of(s3, upload.bucket, "k") == BODY[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=-3", "0-2", "bytes=3-1", "bytes=a-b", "bytes=0-1,3-4"])
def test_malformed_ranges(s3: S3, upload: Upload, asked: str) -> None:
    """Here both ends are wanted."""
    with refused("InvalidArgument", 400):
        copy(upload, CopySourceRange=asked)
    assert "Parts" not in s3.list_parts(**upload.where)


def test_a_range_that_ends_beyond_the_source(upload: Upload) -> None:
    with refused("InvalidArgument", 400):
        copy(upload, CopySourceRange="bytes=5-10")


def test_a_range_that_begins_beyond_the_source(upload: Upload) -> None:
    with refused("InvalidRequest", 400):
        copy(upload, CopySourceRange="bytes=10-20")


def test_mixed_with_parts_that_were_sent(s3: S3, upload: Upload) -> None:
    big = big_part(9)
    upload.put(1, big)
    copy(upload, 2)
    assert upload.complete()["ETag"] == etag_of_parts(big, BODY)
    assert body_of(s3, upload.bucket, "k") == big + BODY


def test_across_the_parts_of_a_multipart_object(
    s3: S3, bucket: str, multipart: tuple[str, list[bytes]]
) -> None:
    key, bodies = multipart
    whole, edge = b"".join(bodies), len(bodies[0])
    upload = Upload.start(s3, bucket, "k")
    piece = whole[edge - 5 : edge + 5]
    assert copy(upload, 1, key, CopySourceRange=f"bytes={edge - 5}-{edge + 4}")["ETag"] == etag_of(piece)
    upload.complete()
    s3.delete_object(Bucket=bucket, Key=key)
    assert body_of(s3, bucket, "k") == piece


def test_the_part_outlives_its_source(s3: S3, upload: Upload) -> None:
    copy(upload)
    s3.delete_object(Bucket=upload.bucket, Key="source")
    upload.complete()
    assert body_of(s3, upload.bucket, "k") == BODY


@pytest.mark.parametrize("key", ["a b", "a+b", "%41", "ü/ユ", "a//b"])
def test_special_characters_in_the_source(s3: S3, upload: Upload, key: str) -> None:
    s3.put_object(Bucket=upload.bucket, Key=key, Body=key.encode())
    assert copy(upload, 1, key)["ETag"] == etag_of(key.encode())


def test_source_as_a_string(s3: S3, upload: Upload) -> None:
    source = quote(f"/{upload.bucket}/source")
    answer = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource=source)
    assert answer["CopyPartResult"]["ETag"] == etag_of(BODY)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"CopySourceIfMatch": etag_of(BODY)}, True),
        ({"CopySourceIfMatch": etag_of(b"other")}, False),
        ({"CopySourceIfNoneMatch": etag_of(b"other")}, True),
        ({"CopySourceIfNoneMatch": etag_of(BODY)}, False),
        ({"CopySourceIfModifiedSince": LONG_AGO}, True),
        ({"CopySourceIfUnmodifiedSince": FAR_AHEAD}, True),
        ({"CopySourceIfUnmodifiedSince": LONG_AGO}, False),
        ({"CopySourceIfMatch": etag_of(BODY), "CopySourceIfUnmodifiedSince": LONG_AGO}, True),
    ],
    ids=[
        "match",
        "no_match",
        "none_match",
        "no_none_match",
        "modified",
        "unmodified",
        "no_unmodified",
        "both",
    ],
)
def test_conditions(s3: S3, upload: Upload, conditions: dict[str, Any], holds: bool) -> None:
    if holds:
        assert copy(upload, **conditions)["ETag"] == etag_of(BODY)
        return
    with refused("PreconditionFailed", 412):
        copy(upload, **conditions)
    assert "Parts" not in s3.list_parts(**upload.where)


def test_no_such_source(upload: Upload) -> None:
    with refused("NoSuchKey", 404):
        copy(upload, key="none")


def test_no_such_upload(s3: S3, upload: Upload) -> None:
    upload.abort()
    with refused("NoSuchUpload", 404):
        copy(upload)
