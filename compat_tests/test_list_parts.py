"""ListParts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compat_tests.handmade import Raw
from compat_tests.sums import BY_NAME
from compat_tests.support import S3, Upload, etag_of, path_of, refused


@pytest.fixture
def upload(s3: S3, bucket: str) -> Upload:
    """Parts 1, 3, 5, 20 and 1000, sent out of order."""
    upload = Upload.start(s3, bucket, "a key")
    for number in (20, 3, 1, 1000, 5):
        upload.put(number, b"%d" % number)
    return upload


def test_parts_come_by_number(s3: S3, upload: Upload) -> None:
    answer = s3.list_parts(**upload.where)
    shown = [(p["PartNumber"], p["Size"], p["ETag"]) for p in answer["Parts"]]
    assert shown == [(n, len(b"%d" % n), etag_of(b"%d" % n)) for n in (1, 3, 5, 20, 1000)]
    assert all(abs(datetime.now(UTC) - p["LastModified"]) < timedelta(minutes=5) for p in answer["Parts"])


def test_what_else_it_tells(s3: S3, upload: Upload) -> None:
    answer = s3.list_parts(**upload.where)
    assert (answer["Bucket"], answer["Key"], answer["UploadId"]) == (upload.bucket, "a key", upload.id)
    assert (answer["MaxParts"], answer["IsTruncated"], answer["StorageClass"]) == (1000, False, "STANDARD")
    assert answer["PartNumberMarker"] == 0
    owner = s3.list_buckets()["Owner"]["ID"]
    assert answer["Owner"]["ID"] == answer["Initiator"]["ID"] == owner


def test_an_upload_without_parts(s3: S3, bucket: str) -> None:
    answer = s3.list_parts(**Upload.start(s3, bucket, "k").where)
    assert ("Parts" in answer, answer["IsTruncated"]) == (False, False)


def test_pages(s3: S3, upload: Upload) -> None:
    first = s3.list_parts(**upload.where, MaxParts=2)
    assert [p["PartNumber"] for p in first["Parts"]] == [1, 3]
    assert (first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]) == (True, 3, 2)
    second = s3.list_parts(**upload.where, MaxParts=2, PartNumberMarker=3)
    assert [p["PartNumber"] for p in second["Parts"]] == [5, 20]
    assert (second["IsTruncated"], second["PartNumberMarker"]) == (True, 3)
    last = s3.list_parts(**upload.where, MaxParts=2, PartNumberMarker=20)
    assert ([p["PartNumber"] for p in last["Parts"]], last["IsTruncated"]) == ([1000], False)


def test_a_marker_between_the_parts(s3: S3, upload: Upload) -> None:
    assert [p["PartNumber"] for p in s3.list_parts(**upload.where, PartNumberMarker=6)["Parts"]] == [20, 1000]
    assert "Parts" not in s3.list_parts(**upload.where, PartNumberMarker=1000)


def test_a_full_last_page_is_not_truncated(s3: S3, upload: Upload) -> None:
    answer = s3.list_parts(**upload.where, MaxParts=5)
    assert (len(answer["Parts"]), answer["IsTruncated"]) == (5, False)


@pytest.mark.parametrize(
    "query", ["max-parts=-1", "max-parts=x", "part-number-marker=-1", "part-number-marker=x"]
)
def test_numbers_that_cannot_be(raw: Raw, upload: Upload, query: str) -> None:
    path = path_of(upload.bucket, upload.key)
    raw.ask("GET", path, f"{query}&uploadId={upload.id}").refused("InvalidArgument", 400)


def test_checksums(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    upload.put(1, b"x", ChecksumAlgorithm="SHA256")
    answer = s3.list_parts(**upload.where)
    assert (answer["ChecksumAlgorithm"], answer["ChecksumType"]) == ("SHA256", "COMPOSITE")
    assert answer["Parts"][0]["ChecksumSHA256"] == BY_NAME["SHA256"].of(b"x")


def test_no_such_upload(s3: S3, bucket: str) -> None:
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=bucket, Key="k", UploadId="none")
