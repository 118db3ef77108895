"""UploadPart."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw, head_of, read_answer
from compat_tests.support import S3, Upload, body_of, etag_of, etag_of_parts, path_of, refused


@pytest.fixture
def upload(s3: S3, bucket: str) -> Upload:
    return Upload.start(s3, bucket, "k")


def test_the_etag_is_the_parts_md5(upload: Upload) -> None:
    assert upload.put(1, b"part")["ETag"] == etag_of(b"part")


@pytest.mark.parametrize("number", [1, 10_000])
def test_the_first_and_the_last_number(s3: S3, upload: Upload, number: int) -> None:
    upload.put(number, b"x")
    upload.complete()
    assert body_of(s3, upload.bucket, "k") == b"x"


@pytest.mark.parametrize("number", ["0", "10001", "-1", "one", ""])
def test_numbers_that_cannot_be(raw: Raw, upload: Upload, number: str) -> None:
    query = f"partNumber={number}&uploadId={upload.id}"
    raw.ask("PUT", path_of(upload.bucket, "k"), query, body=b"x").refused("InvalidArgument", 400)


def test_a_part_may_be_sent_again(s3: S3, upload: Upload) -> None:
    upload.put(1, b"first try")
    upload.parts.clear()
    upload.put(1, b"second")
    listed = s3.list_parts(**upload.where)["Parts"]
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in listed] == [(1, 6, etag_of(b"second"))]
    assert upload.complete()["ETag"] == etag_of_parts(b"second")
    assert body_of(s3, upload.bucket, "k") == b"second"


def test_an_empty_part(s3: S3, upload: Upload) -> None:
    upload.put(1, b"")
    upload.complete()
    got = s3.get_object(Bucket=upload.bucket, Key="k")
    assert (got["ContentLength"], got["ETag"], got["Body"].read()) == (0, etag_of_parts(b""), b"")


def test_no_such_upload(s3: S3, bucket: str) -> None:
    with refused("NoSuchUpload", 404) as error:
        s3.upload_part(Bucket=bucket, Key="k", UploadId="none", PartNumber=1, Body=b"x")
    assert error["UploadId"] == "none"


def test_an_upload_belongs_to_its_key(s3: S3, upload: Upload) -> None:
    with refused("NoSuchUpload", 404):
        s3.upload_part(Bucket=upload.bucket, Key="other", UploadId=upload.id, PartNumber=1, Body=b"x")


def test_after_abort_and_completion(s3: S3, bucket: str, upload: Upload) -> None:
    upload.abort()
    with refused("NoSuchUpload", 404):
        upload.put(1, b"x")
    done = Upload.start(s3, bucket, "k")
    done.put(1, b"x")
    done.complete()
    with refused("NoSuchUpload", 404):
        done.put(2, b"y")


def test_wrong_content_md5_leaves_the_old_part(s3: S3, upload: Upload) -> None:
    upload.put(1, b"old")
    with refused("BadDigest", 400):
        s3.upload_part(**upload.where, PartNumber=1, Body=b"new", ContentMD5="rL0Y20zC+Fzt72VPzMSk2A==")
    assert [p["ETag"] for p in s3.list_parts(**upload.where)["Parts"]] == [etag_of(b"old")]


def test_more_than_five_gibibytes_are_refused_unread(raw: Raw, upload: Upload) -> None:
    headers = {"content-length": str((5 << 30) + 1), "expect": "100-continue"}
    query = f"partNumber=1&uploadId={upload.id}"
    request = raw.signed(
        "PUT", path_of(upload.bucket, "k"), query, headers=dict(headers), payload="UNSIGNED-PAYLOAD"
    )
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        read_answer(connection).refused("EntityTooLarge", 400)


@pytest.mark.parametrize("query", ["uploadId=x", "partNumber=1"])
def test_half_a_part_is_not_an_object(raw: Raw, s3: S3, bucket: str, query: str) -> None:
    """PUT ?uploadId without partNumber, or the other way about, must not overwrite the object."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    answer = raw.ask("PUT", path_of(bucket, "k"), query, body=b"overwritten")
    assert answer.status in (400, 404, 405, 501)
    assert answer.error["Code"]
    assert body_of(s3, bucket, "k") == b"stays"
