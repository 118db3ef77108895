"""ListMultipartUploads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from compat_tests.handmade import Raw
from compat_tests.listings import CUTS, TREE
from compat_tests.support import S3, Upload, keys_of, prefixes_of, refused, xml


def listed(s3: S3, bucket: str, **more: Any) -> list[tuple[str, str]]:
    answer = s3.list_multipart_uploads(Bucket=bucket, **more)
    return [(upload["Key"], upload["UploadId"]) for upload in answer.get("Uploads", [])]


def test_an_empty_bucket(s3: S3, bucket: str) -> None:
    answer = s3.list_multipart_uploads(Bucket=bucket)
    assert (answer["Bucket"], answer["IsTruncated"], answer["MaxUploads"]) == (bucket, False, 1000)
    assert not {"Uploads", "CommonPrefixes"} & answer.keys()


def test_what_an_entry_tells(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k", ChecksumAlgorithm="CRC32C")
    [entry] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (entry["Key"], entry["UploadId"], entry["StorageClass"]) == ("k", upload.id, "STANDARD")
    assert abs(datetime.now(UTC) - entry["Initiated"]) < timedelta(minutes=5)
    assert entry["Owner"]["ID"] == entry["Initiator"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ("CRC32C", "COMPOSITE")


def test_by_key_then_by_time(s3: S3, bucket: str) -> None:
    ids = [(key, Upload.start(s3, bucket, key).id) for key in ("b", "a", "b", "a")]
    assert listed(s3, bucket) == [ids[1], ids[3], ids[0], ids[2]]


@pytest.mark.parametrize(("prefix", "delimiter", "keys", "prefixes"), CUTS.values(), ids=CUTS)
def test_prefix_and_delimiter(
    s3: S3, bucket: str, prefix: str, delimiter: str, keys: list[str], prefixes: list[str]
) -> None:
    for key in TREE:
        Upload.start(s3, bucket, key)
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
    assert (keys_of(answer, "Uploads"), prefixes_of(answer)) == (keys, prefixes)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_join_up(s3: S3, bucket: str, size: int) -> None:
    ids = [Upload.start(s3, bucket, key).id for key in ("a", "b", "b", "b", "c")]
    paginator = s3.get_paginator("list_multipart_uploads")
    pages = list(paginator.paginate(Bucket=bucket, PaginationConfig={"PageSize": size}))
    assert [[u["UploadId"] for u in page["Uploads"]] for page in pages] == [
        ids[at : at + size] for at in range(0, len(ids), size)
    ]
    assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]


def test_pages_with_a_delimiter(s3: S3, bucket: str) -> None:
    for key in TREE:
        Upload.start(s3, bucket, key)
    paginator = s3.get_paginator("list_multipart_uploads")
    pages = list(paginator.paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}))
    assert [key for page in pages for key in keys_of(page, "Uploads")] == CUTS["top"][2]
    assert [prefix for page in pages for prefix in prefixes_of(page)] == CUTS["top"][3]


def test_next_markers(s3: S3, bucket: str) -> None:
    ids = [(key, Upload.start(s3, bucket, key).id) for key in ("a", "b", "b")]
    answer = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2)
    assert (answer["NextKeyMarker"], answer["NextUploadIdMarker"]) == ids[1]
    assert listed(s3, bucket, KeyMarker="b", UploadIdMarker=ids[1][1]) == [ids[2]]


def test_a_key_marker_alone_passes_all_uploads_of_that_key(s3: S3, bucket: str) -> None:
    ids = [(key, Upload.start(s3, bucket, key).id) for key in ("a", "b", "b", "c")]
    assert listed(s3, bucket, KeyMarker="a") == ids[1:]
    assert listed(s3, bucket, KeyMarker="b") == ids[3:]
    assert listed(s3, bucket, KeyMarker="c") == []


def test_an_upload_id_marker_alone_is_passed_over(s3: S3, bucket: str) -> None:
    ids = [(key, Upload.start(s3, bucket, key).id) for key in ("a", "b")]
    assert listed(s3, bucket, UploadIdMarker=ids[1][1]) == ids


@pytest.mark.parametrize("value", ["-1", "x"])
def test_max_uploads_that_cannot_be(raw: Raw, bucket: str, value: str) -> None:
    raw.ask("GET", f"/{bucket}", f"uploads=&max-uploads={value}").refused("InvalidArgument", 400)


def test_encoding_type_url(raw: Raw, s3: S3, bucket: str) -> None:
    Upload.start(s3, bucket, "a b(1)")
    root = xml(raw.ask("GET", f"/{bucket}", "uploads=&encoding-type=url").body)
    assert root.findtext("Upload/Key") in ("a+b%281%29", "a%20b%281%29")
    assert root.findtext("EncodingType") == "url"


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.list_multipart_uploads(Bucket=bucket_name)
