"""Presigned URLs: "Authenticating Requests: Using Query Parameters"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from compat_tests.handmade import Raw
from compat_tests.streams import UNSIGNED_TRAILER
from compat_tests.support import S3, Endpoint, Upload, body_of, connect, etag_of, path_of, refused_head, xml

BODY = b"by whoever has the link"


@pytest.fixture
def path(s3: S3, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    return path_of(bucket, "k")


def test_get_and_head(raw: Raw, path: str) -> None:
    answer = raw.send(raw.presigned("GET", path))
    assert (answer.status, answer.body) == (200, BODY)
    answer = raw.send(raw.presigned("HEAD", path))
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(BODY))


def test_put_and_delete(raw: Raw, s3: S3, bucket: str) -> None:
    path = path_of(bucket, "new")
    assert raw.send(raw.presigned("PUT", path, body=BODY)).status == 200
    assert body_of(s3, bucket, "new") == BODY
    assert raw.send(raw.presigned("DELETE", path)).status == 204
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="new")


def test_boto3s_own(raw: Raw, endpoint: Endpoint, bucket: str, path: str) -> None:
    """Told to use Signature Version 4: in us-east-1 it presigns with Version 2 of its own accord."""
    client = connect(endpoint, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    split = urlsplit(url)
    request = raw.plain("GET", split.path, split.query)
    answer = raw.send(request)
    assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.parametrize("style", ["x-amz-meta-colour", "X-Amz-Meta-Colour"])
def test_headers_that_an_sdk_put_into_the_url(raw: Raw, s3: S3, bucket: str, style: str) -> None:
    """AWS's for JavaScript (x-amz-*) and Go (X-Amz-*). The checksum of no body comes along, and counts for
    nothing."""
    query = f"{style}=deep%20blue&x-amz-storage-class=STANDARD_IA&x-amz-checksum-crc32=AAAAAA%3D%3D"
    query += "&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject"
    answer = raw.send(raw.presigned("PUT", path_of(bucket, "k"), query, body=BODY))
    assert answer.status == 200
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["Metadata"], head["StorageClass"]) == ({"colour": "deep blue"}, "STANDARD_IA")


def test_the_type_that_the_older_sdk_for_javascript_put_into_the_url(raw: Raw, s3: S3, bucket: str) -> None:
    request = raw.presigned("PUT", path_of(bucket, "k"), "Content-Type=text%2Fx", body=BODY)
    request.headers["content-type"] = "text/x"
    assert raw.send(request).status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "text/x"


@pytest.mark.parametrize(
    "query",
    ["x-amz-meta-a=b%0D%0Ac", "x-amz-server-side-encryption-customer-key=MDEyMzQ1Njc4OTAxMjM0NQ"],
    ids=["line_break", "customer_key"],
)
def test_what_no_url_can_carry(raw: Raw, bucket: str, query: str) -> None:
    answer = raw.send(raw.presigned("PUT", path_of(bucket, "k"), query, body=BODY))
    answer.refused("InvalidArgument", 400)


def test_a_range_needs_no_signature(raw: Raw, path: str) -> None:
    request = raw.presigned("GET", path)
    request.headers["range"] = "bytes=0-1"
    answer = raw.send(request)
    assert (answer.status, answer.body) == (206, BODY[:2])


def test_overrides_that_were_signed(raw: Raw, path: str) -> None:
    answer = raw.send(raw.presigned("GET", path, "response-content-type=text%2Fsigned"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/signed")


def test_overrides_that_were_added(raw: Raw, path: str) -> None:
    request = raw.presigned("GET", path)
    request.query += "&response-content-type=text%2Fhtml"
    raw.send(request).refused("SignatureDoesNotMatch", 403)


def test_overrides_on_anonymous_reads(raw: Raw, path: str) -> None:
    """ "You must sign the request to use these": refused in any case, private object or not."""
    answer = raw.send(raw.plain("GET", path, "response-content-type=text%2Fhtml"))
    assert answer.status in (400, 403)
    assert answer.error["Code"] in ("InvalidRequest", "AccessDenied")


def test_a_part(raw: Raw, s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k")
    request = raw.presigned("PUT", path_of(bucket, "k"), f"partNumber=1&uploadId={upload.id}", body=BODY)
    assert raw.send(request).headers["etag"] == etag_of(BODY)


def test_a_listing(raw: Raw, bucket: str, path: str) -> None:
    root = xml(raw.send(raw.presigned("GET", f"/{bucket}", "list-type=2")).body)
    assert [key.text for key in root.iter("Key")] == ["k"]


@pytest.mark.parametrize("name", ["method", "path", "header", "signature"])
def test_one_thing_changed(raw: Raw, s3: S3, bucket: str, path: str, name: str) -> None:
    request = raw.presigned("GET", path, headers={"x-amz-checksum-mode": "ENABLED"})
    if name == "method":
        request.method = "DELETE"
    elif name == "path":
        request.path += "x"
    elif name == "header":
        request.headers["x-amz-checksum-mode"] = "DISABLED"
    else:
        request.query = request.query[:-1] + ("0" if request.query[-1] != "0" else "1")
    raw.send(request).refused("SignatureDoesNotMatch", 403)
    assert body_of(s3, bucket, "k") == BODY


def test_signed_headers_must_be_sent(raw: Raw, path: str) -> None:
    request = raw.presigned("GET", path, headers={"x-amz-checksum-mode": "ENABLED"})
    del request.headers["x-amz-checksum-mode"]
    raw.send(request).refused("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize(
    "name", ["x-amz-meta-added", "x-amz-acl", "x-amz-copy-source", "x-amz-storage-class"]
)
def test_a_header_that_was_not_signed(raw: Raw, s3: S3, bucket: str, name: str) -> None:
    request = raw.presigned("PUT", path_of(bucket, "new"), body=b"x")
    request.headers[name] = "private"
    error = raw.send(request).refused("AccessDenied", 403)
    assert name in error["HeadersNotSigned"]
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="new")


# Time


def test_expired(raw: Raw, path: str) -> None:
    when = datetime.now(UTC) - timedelta(minutes=10)
    error = raw.send(raw.presigned("GET", path, when=when, expires="300")).refused("AccessDenied", 403)
    assert error["Message"] == "Request has expired"
    assert error["X-Amz-Expires"] == "300"
    assert error["Expires"] == (when + timedelta(seconds=300)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert error["ServerTime"]


def test_old_and_not_yet_expired(raw: Raw, path: str) -> None:
    when = datetime.now(UTC) - timedelta(days=6)
    assert raw.send(raw.presigned("GET", path, when=when, expires="604800")).body == BODY


def test_from_the_future(raw: Raw, path: str) -> None:
    when = datetime.now(UTC) + timedelta(minutes=20)
    raw.send(raw.presigned("GET", path, when=when)).refused("AccessDenied", 403)


@pytest.mark.parametrize(
    "expires", ["604801", "-1", "soon", "9" * 40], ids=["over_a_week", "negative", "word", "huge"]
)
def test_lifetimes_that_cannot_be(raw: Raw, path: str, expires: str) -> None:
    raw.send(raw.presigned("GET", path, expires=expires)).refused("AuthorizationQueryParametersError", 400)


# The parameters


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])
def test_a_parameter_is_missing(raw: Raw, path: str, name: str) -> None:
    request = raw.presigned("GET", path, drop=f"X-Amz-{name}")
    raw.send(request).refused("AuthorizationQueryParametersError", 400)


@pytest.mark.parametrize(
    ("old", "new"),
    [("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), ("%2Fs3%2F", "%2Fec2%2F"), ("%2Faws4_request", ""), ("T", "X")],
    ids=["algorithm", "service", "short_scope", "date"],
)
def test_a_malformed_parameter(raw: Raw, path: str, old: str, new: str) -> None:
    request = raw.presigned("GET", path)
    if old == "T":
        at = request.query.index("X-Amz-Date=") + len("X-Amz-Date=") + 8
        request.query = request.query[:at] + new + request.query[at + 1 :]
    else:
        request.query = request.query.replace(old, new)
    raw.send(request).refused("AuthorizationQueryParametersError", 400)


def test_header_and_query_at_once(raw: Raw, path: str) -> None:
    request = raw.presigned("GET", path)
    request.headers["authorization"] = raw.signed("GET", path).headers["authorization"]
    raw.send(request).refused("InvalidArgument", 400)


def test_signature_version_2(raw: Raw, path: str, endpoint: Endpoint) -> None:
    query = f"AWSAccessKeyId={endpoint.access_key}&Expires=4102444800&Signature=c2lnbmF0dXJl"
    error = raw.send(raw.plain("GET", path, query)).refused("InvalidRequest", 400)
    assert "AWS4-HMAC-SHA256" in error["Message"]


def test_a_streaming_body_with_a_bad_signature_in_the_query(raw: Raw, s3: S3, bucket: str) -> None:
    """A hole of real stores: the streaming mode is checked, and the query's signature is not."""
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"
    request = raw.presigned("PUT", path_of(bucket, "new"), body=body)
    request.headers |= {
        "x-amz-content-sha256": UNSIGNED_TRAILER,
        "x-amz-decoded-content-length": "3",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked",
    }
    request.query = request.query[:-8] + "00000000"
    answer = raw.send(request)
    assert answer.status in (400, 403)
    assert answer.error["Code"] in (
        "SignatureDoesNotMatch",
        "AccessDenied",
        "InvalidRequest",
        "InvalidArgument",
    )
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="new")
