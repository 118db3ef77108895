"""GetObject: ranges, parts, conditions, overrides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from compat_tests.handmade import Headers, Raw
from compat_tests.support import (
    FAR_AHEAD,
    LONG_AGO,
    S3,
    answer_headers,
    body_of,
    etag_of,
    etag_of_parts,
    path_of,
    refused,
    status_of,
)

BODY = b"0123456789"
WRONG = etag_of(b"another body")
RIGHT = etag_of(BODY)
OVERRIDES = {
    "ResponseCacheControl": ("CacheControl", "no-store"),
    "ResponseContentDisposition": ("ContentDisposition", 'attachment; filename="x y"'),
    "ResponseContentEncoding": ("ContentEncoding", "br"),
    "ResponseContentLanguage": ("ContentLanguage", "fr"),
    "ResponseContentType": ("ContentType", "text/override"),
}


@pytest.fixture
def digits(s3: S3, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="digits", Body=BODY)
    return "digits"


def test_headers_of_an_ordinary_answer(s3: S3, bucket: str, digits: str) -> None:
    got = s3.get_object(Bucket=bucket, Key=digits)
    headers = answer_headers(got)
    assert status_of(got) == 200
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"] == RIGHT
    assert headers["content-length"] == "10"
    assert headers["content-type"] == "binary/octet-stream"
    assert "content-range" not in headers
    modified = parsedate_to_datetime(headers["last-modified"])
    assert headers["last-modified"] == format_datetime(modified, usegmt=True)
    assert abs(datetime.now(UTC) - modified) < timedelta(minutes=5)


def test_no_such_key(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404) as error:
        s3.get_object(Bucket=bucket, Key="not/there")
    assert error["Key"] == "not/there"


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket=bucket_name, Key="k")


# Ranges (RFC 9110, section 14; S3 honours one range)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=2-5", 2, 5),
        ("bytes=7-", 7, 9),
        ("bytes=0-", 0, 9),
        ("bytes=-3", 7, 9),
        ("bytes=-10", 0, 9),
        ("bytes=-999", 0, 9),
        ("bytes=9-9", 9, 9),
        ("bytes=5-999999999999", 5, 9),
    ],
)
def test_a_range(s3: S3, bucket: str, digits: str, asked: str, first: int, last: int) -> None:
    got = s3.get_object(Bucket=bucket, Key=digits, Range=asked)
    assert status_of(got) == 206
    assert got["ContentRange"] == f"bytes {first}-{last}/10"
    assert got["ContentLength"] == last - first + 1
    assert got["ETag"] == RIGHT
    assert got["Body"].read() == BODY[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=999-", "bytes=-0"])
def test_a_range_beyond_the_end(raw: Raw, bucket: str, digits: str, asked: str) -> None:
    answer = raw.ask("GET", path_of(bucket, digits), headers={"range": asked})
    error = answer.refused("InvalidRange", 416)
    assert (error["ActualObjectSize"], error["RangeRequested"]) == ("10", asked)


def test_a_range_beyond_the_end_tells_the_size(raw: Raw, bucket: str, digits: str) -> None:
    answer = raw.ask("GET", path_of(bucket, digits), headers={"range": "bytes=10-"})
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=0-", "bytes=-5"])
def test_no_range_of_an_empty_object(s3: S3, bucket: str, asked: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="empty", Range=asked)


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes", "lines=1-2", "bytes=1"])
def test_a_malformed_range_is_passed_over(raw: Raw, bucket: str, digits: str, asked: str) -> None:
    answer = raw.ask("GET", path_of(bucket, digits), headers={"range": asked})
    assert (answer.status, answer.body) == (200, BODY)
    assert "content-range" not in answer.headers


def test_several_ranges_get_the_whole_object(s3: S3, bucket: str, digits: str) -> None:
    got = s3.get_object(Bucket=bucket, Key=digits, Range="bytes=0-1,4-5")
    assert (status_of(got), got["Body"].read()) == (200, BODY)


def test_ranges_across_parts(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    key, bodies = multipart
    whole = b"".join(bodies)
    edge = len(bodies[0])
    for first, last in ((0, 99), (edge - 10, edge + 9), (edge, edge), (edge - 1, len(whole) - 1)):
        assert body_of(s3, bucket, key, Range=f"bytes={first}-{last}") == whole[first : last + 1]


# Parts


def test_a_part_by_number(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    key, bodies = multipart
    size, start = sum(map(len, bodies)), 0
    for number, body in enumerate(bodies, 1):
        got = s3.get_object(Bucket=bucket, Key=key, PartNumber=number)
        assert (status_of(got), got["PartsCount"], got["ETag"]) == (206, 2, etag_of_parts(*bodies))
        assert got["ContentRange"] == f"bytes {start}-{start + len(body) - 1}/{size}"
        assert got["Body"].read() == body
        start += len(body)


def test_parts_count_is_told_for_a_part_alone(
    s3: S3, bucket: str, multipart: tuple[str, list[bytes]]
) -> None:
    assert "PartsCount" not in s3.head_object(Bucket=bucket, Key=multipart[0])


def test_a_part_that_is_not_there(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key=multipart[0], PartNumber=3)


def test_part_1_of_a_plain_object_is_all_of_it(s3: S3, bucket: str, digits: str) -> None:
    got = s3.get_object(Bucket=bucket, Key=digits, PartNumber=1)
    assert (status_of(got), got["ContentRange"], got["Body"].read()) == (206, "bytes 0-9/10", BODY)
    assert "PartsCount" not in got


def test_part_2_of_a_plain_object(s3: S3, bucket: str, digits: str) -> None:
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key=digits, PartNumber=2)


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x"])
def test_part_numbers_that_cannot_be(raw: Raw, bucket: str, digits: str, number: str) -> None:
    raw.ask("GET", path_of(bucket, digits), f"partNumber={number}").refused("InvalidArgument", 400)


def test_part_number_and_range_exclude_each_other(s3: S3, bucket: str, digits: str) -> None:
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key=digits, PartNumber=1, Range="bytes=0-1")


# Conditions: the API page's table for their combinations, and RFC 9110, section 13


@pytest.mark.parametrize(
    "conditions",
    [
        {"IfMatch": RIGHT},
        {"IfMatch": RIGHT.strip('"')},
        {"IfMatch": "*"},
        {"IfNoneMatch": WRONG},
        {"IfModifiedSince": LONG_AGO},
        {"IfUnmodifiedSince": FAR_AHEAD},
        {"IfMatch": RIGHT, "IfUnmodifiedSince": LONG_AGO},
        {"IfNoneMatch": WRONG, "IfModifiedSince": LONG_AGO},
        {"IfMatch": RIGHT, "IfNoneMatch": WRONG},
    ],
    ids=lambda c: "-".join(c) + ("-star" if "*" in c.values() else ""),
)
def test_conditions_that_hold(s3: S3, bucket: str, digits: str, conditions: dict[str, Any]) -> None:
    assert body_of(s3, bucket, digits, **conditions) == BODY


@pytest.mark.parametrize(
    ("conditions", "named"),
    [
        ({"IfMatch": WRONG}, "If-Match"),
        ({"IfUnmodifiedSince": LONG_AGO}, "If-Unmodified-Since"),
        ({"IfMatch": WRONG, "IfUnmodifiedSince": FAR_AHEAD}, "If-Match"),
        ({"IfMatch": WRONG, "IfNoneMatch": RIGHT}, "If-Match"),
    ],
    ids=["match", "unmodified", "match_beats_unmodified", "match_beats_none_match"],
)
def test_conditions_that_fail(
    s3: S3, bucket: str, digits: str, conditions: dict[str, Any], named: str
) -> None:
    with refused("PreconditionFailed", 412) as error:
        s3.get_object(Bucket=bucket, Key=digits, **conditions)
    assert error["Condition"] == named


@pytest.mark.parametrize("name", ["if-none-match", "if-modified-since", "both", "star", "list"])
def test_not_modified(raw: Raw, bucket: str, digits: str, name: str) -> None:
    first = raw.ask("HEAD", path_of(bucket, digits)).headers
    cases: dict[str, Headers] = {
        "if-none-match": {"if-none-match": RIGHT},
        "if-modified-since": {"if-modified-since": first["last-modified"]},
        "both": {"if-none-match": RIGHT, "if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        "star": {"if-none-match": "*"},
        "list": {"if-none-match": f"{WRONG}, {RIGHT}"},
    }
    answer = raw.ask("GET", path_of(bucket, digits), headers=cases[name])
    assert (answer.status, answer.body) == (304, b"")
    assert (answer.headers["etag"], answer.headers["last-modified"]) == (RIGHT, first["last-modified"])


def test_if_modified_since_in_the_future_is_passed_over(s3: S3, bucket: str, digits: str) -> None:
    """RFC 9110, 13.1.3, leaves this to the server; AWS ignores dates that are still to come."""
    assert body_of(s3, bucket, digits, IfModifiedSince=FAR_AHEAD) == BODY


def test_if_unmodified_since_the_very_second(raw: Raw, bucket: str, digits: str) -> None:
    stamp = raw.ask("HEAD", path_of(bucket, digits)).headers["last-modified"]
    answer = raw.ask("GET", path_of(bucket, digits), headers={"if-unmodified-since": stamp})
    assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.parametrize("name", ["if-modified-since", "if-unmodified-since"])
def test_a_malformed_date_is_passed_over(raw: Raw, bucket: str, digits: str, name: str) -> None:
    answer = raw.ask("GET", path_of(bucket, digits), headers={name: "yesterday"})
    assert (answer.status, answer.body) == (200, BODY)


def test_a_condition_comes_before_a_range(s3: S3, bucket: str, digits: str) -> None:
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key=digits, Range="bytes=99-", IfMatch=WRONG)
    assert body_of(s3, bucket, digits, Range="bytes=1-2", IfMatch=RIGHT) == b"12"


# response-* overrides


def test_overrides(s3: S3, bucket: str, digits: str) -> None:
    asked = {name: value for name, (_, value) in OVERRIDES.items()}
    expires = datetime(2031, 1, 1, tzinfo=UTC)
    got = s3.get_object(Bucket=bucket, Key=digits, ResponseExpires=expires, **asked)
    for member, value in OVERRIDES.values():
        assert got[member] == value
    assert got["ExpiresString"] == "Wed, 01 Jan 2031 00:00:00 GMT"
    assert s3.head_object(Bucket=bucket, Key=digits)["ContentType"] == "binary/octet-stream"


def test_overrides_beat_what_was_stored(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/stored", CacheControl="max-age=1")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/asked", Range="bytes=0-0")
    assert (got["ContentType"], got["CacheControl"]) == ("text/asked", "max-age=1")


# Versions of an unversioned bucket


def test_version_null_is_the_object(s3: S3, bucket: str, digits: str) -> None:
    assert body_of(s3, bucket, digits, VersionId="null") == BODY


def test_a_version_that_cannot_be(s3: S3, bucket: str, digits: str) -> None:
    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=bucket, Key=digits, VersionId="nonsense")
