"""Errors as they go over the wire, and requests that are nothing S3 knows."""

from __future__ import annotations

import pytest

from compat_tests.handmade import Raw
from compat_tests.sums import BY_NAME
from compat_tests.support import S3, body_of, path_of, xml

MEGABYTE = 1 << 20


def test_what_an_error_looks_like(raw: Raw, bucket: str) -> None:
    answer = raw.ask("GET", path_of(bucket, "not there"))
    error = answer.refused("NoSuchKey", 404)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert error["Message"] == "The specified key does not exist."
    assert error["Key"] == "not there"
    assert error["RequestId"] == answer.headers["x-amz-request-id"]
    assert error["HostId"] == answer.headers["x-amz-id-2"]
    assert xml(answer.body).tag == "Error"


def test_an_error_has_no_namespace(raw: Raw, bucket: str) -> None:
    assert b"xmlns" not in raw.ask("GET", path_of(bucket, "none")).body


def test_every_request_has_its_own_id(raw: Raw, bucket: str) -> None:
    answers = [raw.ask("GET", f"/{bucket}", "list-type=2") for _ in range(3)]
    assert len({answer.headers["x-amz-request-id"] for answer in answers}) == 3


def test_a_listing_is_xml_with_s3s_namespace(raw: Raw, bucket: str) -> None:
    answer = raw.ask("GET", f"/{bucket}", "list-type=2")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' in answer.body


@pytest.mark.parametrize("key", ["<&>'\"", "ü\tb"], ids=["markup", "latin"])
def test_a_key_in_an_error_is_well_formed_xml(raw: Raw, bucket: str, key: str) -> None:
    answer = raw.ask("GET", path_of(bucket, key))
    assert (answer.status, answer.error["Code"]) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("method", "level"),
    [("PUT", "service"), ("DELETE", "service"), ("POST", "object"), ("PATCH", "object"), ("PATCH", "bucket")],
)
def test_methods_that_nothing_has(raw: Raw, s3: S3, bucket: str, method: str, level: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    path = {"service": "/", "bucket": path_of(bucket), "object": path_of(bucket, "k")}[level]
    error = raw.ask(method, path).refused("MethodNotAllowed", 405)
    assert error["Method"] == method
    assert body_of(s3, bucket, "k") == b"stays"


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><Delete/>", b"\xff\xfe<\x00D\x00", b"<a>" * 10_000]
)
def test_hostile_xml(raw: Raw, bucket: str, body: bytes) -> None:
    headers = {"x-amz-checksum-crc32": _crc32(body)}
    raw.ask("POST", f"/{bucket}", "delete=", headers=dict(headers), body=body).refused("MalformedXML", 400)


def test_entities_do_not_multiply(raw: Raw, bucket: str) -> None:
    entities = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    bomb = entities + b"<CreateBucketConfiguration>&b;</CreateBucketConfiguration>"
    answer = raw.ask("PUT", f"/{bucket}-more", body=bomb)
    raw.ask("DELETE", f"/{bucket}-more")
    answer.refused("MalformedXML", 400)


def test_a_document_is_not_endless(raw: Raw, bucket: str) -> None:
    filler = b"<Object><Key>" + b"k" * 1000 + b"</Key></Object>"
    body = b"<Delete>" + filler * (6 * MEGABYTE // len(filler)) + b"</Delete>"
    headers = {"x-amz-checksum-crc32": _crc32(body)}
    answer = raw.ask("POST", f"/{bucket}", "delete=", headers=dict(headers), body=body)
    assert answer.status == 400
    assert answer.error["Code"] in ("MalformedXML", "MaxMessageLengthExceeded", "EntityTooLarge")


def test_expected_bucket_owner(raw: Raw, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    for method in ("GET", "PUT", "DELETE"):
        headers = {"x-amz-expected-bucket-owner": "999999999999"}
        raw.ask(method, path_of(bucket, "k"), headers=dict(headers)).refused("AccessDenied", 403)
    assert body_of(s3, bucket, "k") == b"stays"


def _crc32(body: bytes) -> str:
    return BY_NAME["CRC32"].of(body)
