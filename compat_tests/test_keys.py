"""Unusual keys: every operation must mean the very same bytes by them."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import (
    S3,
    Upload,
    body_of,
    etag_of,
    keys_of,
    path_of,
    refused,
    refused_head,
)

# AWS itself refuses keys that climb above the bucket ("../x"); this suite asks that any UTF-8 be taken.
KEYS = {
    "double_slash": "a//b",
    "lead_slash": "/a",
    "two_lead_slashes": "//a",
    "end_slash": "a/",
    "slash": "/",
    "many_slashes": "a///",
    "dot": ".",
    "dots": "..",
    "parent": "../x",
    "middle_parent": "a/../b",
    "middle_dot": "a/./b",
    "plus": "a+b",
    "space": "a b",
    "spaces": " a  b ",
    "percent": "%41",
    "percent_alone": "100%",
    "percent_slash": "a%2Fb",
    "percent_percent": "%2541",
    "question": "a?b=c&d",
    "hash": "a#b",
    "semicolon": "a;b=c",
    "quotes": "\"a' `b`",
    "xml": "<a>&amp;</a>]]>",
    "backslash": "a\\b",
    "tilde": "~a~",
    "punctuation": "!$()*,:=@[]^{|}",
    "newline": "a\nb\r\nc",
    "tab": "a\tb",
    "control": "a\x01b\x1f",
    "delete": "a\x7fb",
    "latin": "ÄÖÜß",
    "decomposed": "A\u0308",
    "japanese": "ユニコード/鍵",
    "emoji": "\U0001f512\U0001f5dd",
    "right_to_left": "\u202eabc",
    "replacement": "\ufffd",
    "last_plane": "\U0010fffd",
    "sub_resource": "acl",
    "uploads": "?uploads",
    "looks_like_v2": "AWSAccessKeyId=x&Signature=y",
}
LIMIT = 1024

each = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


@each
def test_put_get_list_delete(s3: S3, bucket: str, key: str) -> None:
    body = key.encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert body_of(s3, bucket, key) == body
    assert s3.head_object(Bucket=bucket, Key=key)["ETag"] == etag_of(body)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix=key)) == [key]
    assert keys_of(s3.list_objects(Bucket=bucket)) == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key=key)


def test_none_is_taken_for_another(s3: S3, bucket: str) -> None:
    for key in KEYS.values():
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == sorted(KEYS.values(), key=str.encode)
    for key in KEYS.values():
        assert body_of(s3, bucket, key) == key.encode()


@pytest.mark.parametrize("key", ["a//b", "%41", "a+b", "ü ?", "a/../b"])
def test_by_parts(s3: S3, bucket: str, key: str) -> None:
    upload = Upload.start(s3, bucket, key)
    upload.put(1, key.encode())
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [key]
    upload.complete()
    assert body_of(s3, bucket, key) == key.encode()


@pytest.mark.parametrize("key", ["a//b", "%41", "a+b", "ü ?", "a/../b", "a b"])
def test_presigned(raw: Raw, s3: S3, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    answer = raw.send(raw.presigned("GET", path_of(bucket, key)))
    assert (answer.status, answer.body) == (200, key.encode())


def test_a_plus_in_a_path_is_a_plus(raw: Raw, s3: S3, bucket: str) -> None:
    """Only in a query may it be a space. It is signed as %2B and may be sent as it is."""
    s3.put_object(Bucket=bucket, Key="a+b", Body=b"plus")
    s3.put_object(Bucket=bucket, Key="a b", Body=b"space")
    request = raw.signed("GET", f"/{bucket}/a%2Bb")
    request.path = f"/{bucket}/a+b"
    assert raw.send(request).body == b"plus"
    assert raw.ask("GET", f"/{bucket}/a%20b").body == b"space"


def test_lower_case_escapes_mean_the_same(raw: Raw, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ü/x", Body=b"x")
    request = raw.signed("GET", f"/{bucket}/%C3%BC/x")
    request.path = f"/{bucket}/%c3%bc/x"
    answer = raw.send(request)
    assert (answer.status, answer.body) == (200, b"x")


def test_prefix_with_a_plus(raw: Raw, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a+b", Body=b"")
    s3.put_object(Bucket=bucket, Key="a b", Body=b"")
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="a+")) == ["a+b"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="a ")) == ["a b"]


@pytest.mark.parametrize(
    "key",
    ["k" * LIMIT, "ü" * (LIMIT // 2), "\U0001f512" * (LIMIT // 4)],
    ids=["ascii", "two_bytes", "four_bytes"],
)
def test_1024_bytes(s3: S3, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert body_of(s3, bucket, key) == b"x"
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]


@pytest.mark.parametrize("key", ["k" * (LIMIT + 1), "ü" * (LIMIT // 2) + "x"], ids=["ascii", "two_bytes"])
def test_1025_bytes(s3: S3, bucket: str, key: str) -> None:
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@pytest.mark.parametrize(
    "tail", ["%FF", "a%C3", "%ED%A0%80", "%C0%AF"], ids=["byte", "cut", "surrogate", "overlong"]
)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_invalid_utf8(raw: Raw, s3: S3, bucket: str, method: str, tail: str) -> None:
    answer = raw.ask(method, f"/{bucket}/{tail}")
    assert answer.status == 400
    assert answer.error["Code"] in ("InvalidURI", "InvalidArgument", "BadRequest")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_invalid_utf8_in_a_query(raw: Raw, bucket: str) -> None:
    answer = raw.ask("GET", f"/{bucket}", "list-type=2&prefix=%FF")
    assert answer.status == 400
    assert answer.error["Code"] in ("InvalidURI", "InvalidArgument", "BadRequest")
