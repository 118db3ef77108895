"""CreateMultipartUpload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, Upload, etag_of_parts, path_of, refused, refused_head, xml

DESCRIBED: dict[str, Any] = {
    "ContentType": "text/parts",
    "CacheControl": "max-age=7",
    "ContentDisposition": "inline",
    "ContentEncoding": "gzip",
    "ContentLanguage": "it",
    "WebsiteRedirectLocation": "/x",
    "Metadata": {"a": "1"},
}


def test_the_answer_names_the_upload(raw: Raw, bucket: str) -> None:
    root = xml(raw.ask("POST", path_of(bucket, "a key"), "uploads=").body)
    assert root.tag == "InitiateMultipartUploadResult"
    assert (root.findtext("Bucket"), root.findtext("Key")) == (bucket, "a key")
    assert root.findtext("UploadId")


def test_nothing_is_there_before_completion(s3: S3, bucket: str) -> None:
    Upload.start(s3, bucket, "k").put(1, b"x")
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_the_description_becomes_the_objects(s3: S3, bucket: str) -> None:
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    upload = Upload.start(s3, bucket, "k", Expires=expires, **DESCRIBED)
    upload.put(1, b"x")
    upload.complete()
    got = s3.head_object(Bucket=bucket, Key="k")
    assert {name: got[name] for name in DESCRIBED} == DESCRIBED
    assert got["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_two_uploads_of_one_key_are_two(s3: S3, bucket: str) -> None:
    first, second = Upload.start(s3, bucket, "k"), Upload.start(s3, bucket, "k")
    assert first.id != second.id
    first.put(1, b"first")
    second.put(1, b"second")
    second.complete()
    first.complete()
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == etag_of_parts(b"first")


def test_too_much_metadata(s3: S3, bucket: str) -> None:
    with refused("MetadataTooLarge", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "x" * 2048})


def test_key_too_long(s3: S3, bucket: str) -> None:
    with refused("KeyTooLongError", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k" * 1025)


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.create_multipart_upload(Bucket=bucket_name, Key="k")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_the_checksum_algorithm_is_repeated(s3: S3, bucket: str, algorithm: str) -> None:
    answer = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (answer["ChecksumAlgorithm"], answer["ChecksumType"]) == (algorithm, "COMPOSITE")
