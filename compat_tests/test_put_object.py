"""PutObject: bytes, ETag, headers, metadata and conditions. Checksums are in test_checksums.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
from botocore.exceptions import ClientError

from compat_tests.handmade import Raw, head_of, read_answer
from compat_tests.support import (
    S3,
    answer_headers,
    body_of,
    etag_of,
    path_of,
    refused,
    refused_head,
    status_of,
)

SYSTEM_HEADERS = {
    "CacheControl": "max-age=60, private",
    "ContentDisposition": 'attachment; filename="a b.txt"',
    "ContentEncoding": "gzip",
    "ContentLanguage": "de-CH",
    "ContentType": "text/x-test; charset=utf-8",
    "WebsiteRedirectLocation": "/elsewhere",
}
METADATA_BYTES = 2048
TEXT = "ÄMÄZÕÑ S3"


@pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 4096, 65_537, 1_000_003])
def test_bytes_come_back(s3: S3, bucket: str, size: int) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    answer = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert (status_of(answer), answer["ETag"]) == (200, etag_of(body))
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ContentLength"], got["ETag"]) == (size, etag_of(body))
    assert got["Body"].read() == body


def test_a_put_has_no_body_and_no_version(s3: S3, bucket: str) -> None:
    headers = answer_headers(s3.put_object(Bucket=bucket, Key="k", Body=b"x"))
    assert headers["content-length"] == "0"
    assert "x-amz-version-id" not in headers


def test_a_second_put_replaces_all_of_it(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"a longer first", Metadata={"a": "1"}, ContentType="text/a")
    s3.put_object(Bucket=bucket, Key="k", Body=b"second")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"second", {}, "binary/octet-stream")


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404) as error:
        s3.put_object(Bucket=bucket_name, Key="k", Body=b"x")
    assert error["BucketName"] == bucket_name


def test_system_headers_come_back(s3: S3, bucket: str) -> None:
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, **SYSTEM_HEADERS)
    for got in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: got[name] for name in SYSTEM_HEADERS} == SYSTEM_HEADERS
        assert got["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_an_expires_that_is_no_date_comes_back(raw: Raw, bucket: str) -> None:
    raw.ask("PUT", path_of(bucket, "k"), headers={"expires": "0"}, body=b"x")
    assert raw.ask("HEAD", path_of(bucket, "k")).headers["expires"] == "0"


def test_aws_chunked_is_not_part_of_the_encoding(raw: Raw, bucket: str) -> None:
    raw.ask("PUT", path_of(bucket, "k"), headers={"content-encoding": "aws-chunked,gzip"}, body=b"x")
    raw.ask("PUT", path_of(bucket, "l"), headers={"content-encoding": "aws-chunked"}, body=b"x")
    assert raw.ask("HEAD", path_of(bucket, "k")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in raw.ask("HEAD", path_of(bucket, "l")).headers


@pytest.mark.parametrize("location", ["nowhere", "ftp://x/"])
def test_a_redirect_is_a_path_or_a_url(s3: S3, bucket: str, location: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", WebsiteRedirectLocation=location)
    assert status_of(caught.value.response) == 400


def test_storage_class_standard_is_not_mentioned(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"


def test_unknown_storage_class(s3: S3, bucket: str) -> None:
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="SHELF")


def test_metadata_comes_back_in_lower_case(raw: Raw, s3: S3, bucket: str) -> None:
    headers = {"x-amz-meta-Mixed-Case": "Value", "x-amz-meta-a.b_c": "1", "x-amz-meta-empty": ""}
    assert raw.ask("PUT", path_of(bucket, "k"), headers=dict(headers), body=b"x").status == 200
    expected = {"mixed-case": "Value", "a.b_c": "1", "empty": ""}
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == expected
    assert s3.get_object(Bucket=bucket, Key="k")["Metadata"] == expected


@pytest.mark.parametrize(
    "sent",
    [TEXT.encode(), b"=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", b"=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?="],
    ids=["utf8", "q_encoded", "b_encoded"],
)
def test_metadata_beyond_ascii_comes_back_mail_safe(raw: Raw, bucket: str, sent: bytes) -> None:
    """RFC 2047 ("Working with object metadata"). AWS's example takes UTF-8 for Latin-1; better is fine."""
    assert raw.ask("PUT", path_of(bucket, "k"), headers={"x-amz-meta-t": sent}, body=b"x").status == 200
    got = raw.ask("HEAD", path_of(bucket, "k")).headers["x-amz-meta-t"]
    assert got.isascii()
    assert got.startswith("=?UTF-8?")
    assert str(make_header(decode_header(got))) in (TEXT, TEXT.encode().decode("latin-1"))


def test_two_kilobytes_of_metadata_are_taken(s3: S3, bucket: str) -> None:
    metadata = {"first": "a" * 1000, "second": "b" * (METADATA_BYTES - 1000 - len("firstsecond"))}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_more_metadata_is_refused(s3: S3, bucket: str) -> None:
    metadata = {"first": "a" * 1000, "second": "b" * (METADATA_BYTES - 1000 - len("firstsecond") + 1)}
    with refused("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata=metadata)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_more_than_five_gibibytes_are_refused_unread(raw: Raw, bucket: str) -> None:
    headers = {"content-length": str((5 << 30) + 1), "expect": "100-continue"}
    request = raw.signed("PUT", path_of(bucket, "k"), headers=dict(headers), payload="UNSIGNED-PAYLOAD")
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        read_answer(connection).refused("EntityTooLarge", 400)


# Conditional writes: "How to prevent object overwrites with conditional writes".


def test_if_none_match_star_on_a_new_key(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")
    assert body_of(s3, bucket, "k") == b"first"


def test_if_none_match_star_on_an_old_key(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    with refused("PreconditionFailed", 412) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert error["Condition"] == "If-None-Match"
    assert body_of(s3, bucket, "k") == b"first"


def test_if_none_match_star_after_a_delete(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert body_of(s3, bucket, "k") == b"second"


def test_if_none_match_takes_no_etag(s3: S3, bucket: str) -> None:
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch=etag_of(b"y"))


def test_if_match_the_etag(s3: S3, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfMatch=etag)
    assert body_of(s3, bucket, "k") == b"second"
    s3.put_object(Bucket=bucket, Key="k", Body=b"third", IfMatch=etag_of(b"second").strip('"'))
    assert body_of(s3, bucket, "k") == b"third"


def test_if_match_another_etag(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    with refused("PreconditionFailed", 412) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfMatch=etag_of(b"other"))
    assert error["Condition"] == "If-Match"
    assert body_of(s3, bucket, "k") == b"first"


def test_if_match_on_a_key_that_is_not_there(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfMatch=etag_of(b"x"))


def test_of_many_writers_one_wins(s3: S3, bucket: str) -> None:
    def write(number: int) -> tuple[int, int]:
        try:
            return number, status_of(
                s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number, IfNoneMatch="*")
            )
        except ClientError as error:
            return number, status_of(error.response)

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(write, range(64)))
    [winner] = [number for number, status in outcomes if status == 200]
    assert {status for _, status in outcomes} <= {200, 409, 412}
    assert body_of(s3, bucket, "k") == b"%d" % winner


def test_of_many_swappers_one_wins(s3: S3, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"start")["ETag"]

    def swap(number: int) -> int:
        try:
            return status_of(s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number, IfMatch=etag))
        except ClientError as error:
            return status_of(error.response)

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(swap, range(32)))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 412}
