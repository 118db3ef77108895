"""HeadObject: what GetObject would say, without the bytes."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import (
    LONG_AGO,
    S3,
    answer_headers,
    etag_of,
    etag_of_parts,
    path_of,
    refused_head,
    status_of,
)

BODY = b"0123456789"
OWN = {"date", "x-amz-request-id", "x-amz-id-2", "connection", "server", "transfer-encoding"}


@pytest.fixture
def digits(s3: S3, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="digits", Body=BODY, Metadata={"a": "1"}, CacheControl="no-cache")
    return "digits"


@pytest.mark.parametrize("asked", ["", "bytes=2-5"], ids=["whole", "range"])
def test_its_headers_are_those_of_get(raw: Raw, bucket: str, digits: str, asked: str) -> None:
    headers: dict[str, str | bytes] = {"range": asked} if asked else {}
    head = raw.ask("HEAD", path_of(bucket, digits), headers=dict(headers))
    get = raw.ask("GET", path_of(bucket, digits), headers=dict(headers))
    assert (head.status, head.body) == (get.status, b"")
    for name in head.headers.keys() | get.headers.keys():
        assert name in OWN or head.headers.get(name) == get.headers.get(name), name


def test_the_length_is_the_objects(s3: S3, bucket: str, digits: str) -> None:
    got = s3.head_object(Bucket=bucket, Key=digits)
    assert (got["ContentLength"], got["ETag"], got["Metadata"]) == (10, etag_of(BODY), {"a": "1"})


def test_a_range(s3: S3, bucket: str, digits: str) -> None:
    got = s3.head_object(Bucket=bucket, Key=digits, Range="bytes=-4")
    assert (status_of(got), got["ContentLength"]) == (206, 4)
    assert answer_headers(got)["content-range"] == "bytes 6-9/10"


def test_a_range_beyond_the_end(s3: S3, bucket: str, digits: str) -> None:
    with refused_head(416):
        s3.head_object(Bucket=bucket, Key=digits, Range="bytes=10-")


def test_a_part(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    key, bodies = multipart
    got = s3.head_object(Bucket=bucket, Key=key, PartNumber=2)
    assert (status_of(got), got["PartsCount"]) == (206, 2)
    assert (got["ContentLength"], got["ETag"]) == (len(bodies[1]), etag_of_parts(*bodies))


def test_no_such_key_has_no_body(raw: Raw, bucket: str) -> None:
    answer = raw.ask("HEAD", path_of(bucket, "none"))
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["x-amz-request-id"]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused_head(404):
        s3.head_object(Bucket=bucket_name, Key="k")


def test_conditions(s3: S3, bucket: str, digits: str) -> None:
    with refused_head(412):
        s3.head_object(Bucket=bucket, Key=digits, IfMatch=etag_of(b"other"))
    with refused_head(412):
        s3.head_object(Bucket=bucket, Key=digits, IfUnmodifiedSince=LONG_AGO)
    with refused_head(304):
        s3.head_object(Bucket=bucket, Key=digits, IfNoneMatch=etag_of(BODY))
    assert s3.head_object(Bucket=bucket, Key=digits, IfMatch=etag_of(BODY))["ContentLength"] == 10


def test_overrides(raw: Raw, bucket: str, digits: str) -> None:
    answer = raw.ask(
        "HEAD", path_of(bucket, digits), "response-content-type=text%2Fx&response-cache-control=a"
    )
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/x", "a")
