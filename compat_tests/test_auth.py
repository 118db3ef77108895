"""Signature Version 4 in the header: what is proved, and what is refused in which words.

Sources: "Authenticating Requests (AWS Signature Version 4)", "Error responses". Presigned URLs are in
test_presigned.py, bodies in chunks in test_streaming.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compat_tests.handmade import UNSIGNED, Answer, Raw, Request
from compat_tests.support import S3, Endpoint, body_of, path_of, refused, refused_head

BODY = b"who goes there?"


@pytest.fixture
def path(s3: S3, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    return path_of(bucket, "k")


def authorization(request: Request) -> str:
    value = request.headers["authorization"]
    assert isinstance(value, str)
    return value


def is_mismatch(answer: Answer) -> dict[str, str]:
    return answer.refused("SignatureDoesNotMatch", 403)


def test_a_signed_request_is_served(raw: Raw, path: str) -> None:
    answer = raw.ask("GET", path)
    assert (answer.status, answer.body) == (200, BODY)


def test_an_unsigned_payload_is_served(raw: Raw, s3: S3, bucket: str, path: str) -> None:
    assert raw.ask("PUT", path, body=b"new", payload=UNSIGNED).status == 200
    assert body_of(s3, bucket, "k") == b"new"


def test_a_wrong_secret_is_told_what_was_to_be_signed(raw: Raw, path: str, endpoint: Endpoint) -> None:
    request = raw.signed("GET", path, "versionId=null", secret_key="not the secret")
    error = is_mismatch(raw.send(request))
    assert error["AWSAccessKeyId"] == endpoint.access_key
    assert error["SignatureProvided"] == authorization(request).rpartition("=")[2]
    assert error["CanonicalRequest"].splitlines()[:3] == ["GET", path, "versionId=null"]
    assert error["StringToSign"].startswith(f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']!s}\n")
    assert endpoint.secret_key not in str(error)


def test_nothing_of_a_refused_put_is_stored(raw: Raw, s3: S3, bucket: str) -> None:
    is_mismatch(raw.ask("PUT", path_of(bucket, "new"), body=BODY, secret_key="not the secret"))
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="new")


def test_a_refused_head_has_no_body(raw: Raw, path: str) -> None:
    answer = raw.ask("HEAD", path, secret_key="not the secret")
    assert (answer.status, answer.body) == (403, b"")


def test_unknown_access_key(raw: Raw, path: str) -> None:
    error = raw.ask("GET", path, access_key="AKIAUNKNOWNUNKNOWN00").refused("InvalidAccessKeyId", 403)
    assert error["AWSAccessKeyId"] == "AKIAUNKNOWNUNKNOWN00"


def test_a_long_term_key_has_no_session_token(raw: Raw, path: str) -> None:
    raw.ask("GET", path, headers={"x-amz-security-token": "none"}).refused("InvalidToken", 400)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_a_signature(raw: Raw, s3: S3, bucket: str, path: str, method: str) -> None:
    raw.send(raw.plain(method, path)).refused("AccessDenied", 403)
    assert body_of(s3, bucket, "k") == BODY


def test_listings_without_a_signature(raw: Raw, bucket: str) -> None:
    for where in ("/", f"/{bucket}"):
        raw.send(raw.plain("GET", where)).refused("AccessDenied", 403)


def test_a_missing_bucket_without_a_signature(raw: Raw, bucket_name: str) -> None:
    answer = raw.send(raw.plain("GET", path_of(bucket_name, "k")))
    assert (answer.status, answer.error["Code"]) in ((404, "NoSuchBucket"), (403, "AccessDenied"))


# One thing changed after signing


def test_another_method(raw: Raw, s3: S3, bucket: str, path: str) -> None:
    request = raw.signed("GET", path)
    request.method = "DELETE"
    is_mismatch(raw.send(request))
    assert body_of(s3, bucket, "k") == BODY


def test_another_path(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path)
    request.path += "x"
    is_mismatch(raw.send(request))


@pytest.mark.parametrize("query", ["versionId=null", "response-content-type=text%2Fhtml", "x="])
def test_another_query(raw: Raw, path: str, query: str) -> None:
    request = raw.signed("GET", path)
    request.query = query
    is_mismatch(raw.send(request))


def test_another_value_of_a_signed_header(raw: Raw, path: str) -> None:
    request = raw.signed("PUT", path, headers={"x-amz-meta-a": "1"}, body=b"x")
    request.headers["x-amz-meta-a"] = "2"
    is_mismatch(raw.send(request))


def test_another_body(raw: Raw, s3: S3, bucket: str, path: str) -> None:
    request = raw.signed("PUT", path, body=b"abc")
    request.body = b"abd"
    raw.send(request).refused("XAmzContentSHA256Mismatch", 400)
    assert body_of(s3, bucket, "k") == BODY


def test_one_letter_of_the_signature(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path)
    value = authorization(request)
    request.headers["authorization"] = value[:-1] + ("0" if value[-1] != "0" else "1")
    is_mismatch(raw.send(request))


def test_a_signature_in_capitals(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path)
    head, _, signature = authorization(request).rpartition("=")
    request.headers["authorization"] = f"{head}={signature.upper()}"
    is_mismatch(raw.send(request))


def test_a_header_that_was_not_signed(raw: Raw, s3: S3, bucket: str) -> None:
    """Every x-amz-* header that is there must be signed; who adds one could change the object."""
    request = raw.signed("PUT", path_of(bucket, "new"), body=b"x")
    request.headers["x-amz-meta-added"] = "1"
    error = raw.send(request).refused("AccessDenied", 403)
    assert error["HeadersNotSigned"] == "x-amz-meta-added"
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="new")


def test_spaces_in_a_value_are_folded(raw: Raw, s3: S3, bucket: str, path: str) -> None:
    assert raw.ask("PUT", path, headers={"x-amz-meta-a": "  one   two  "}, body=b"x").status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"].split() == ["one", "two"]


def test_the_order_of_a_query_does_not_matter(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path, "response-cache-control=a&response-content-type=b")
    request.query = "response-content-type=b&response-cache-control=a"
    assert raw.send(request).status == 200


# Time


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24, 60 * 24])
def test_more_than_fifteen_minutes_off(raw: Raw, path: str, minutes: int) -> None:
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    error = raw.ask("GET", path, when=when).refused("RequestTimeTooSkewed", 403)
    assert error["RequestTime"] == when.strftime("%Y%m%dT%H%M%SZ")
    assert error["MaxAllowedSkewMilliseconds"] == "900000"
    assert error["ServerTime"]


@pytest.mark.parametrize("minutes", [-14, 14])
def test_less_than_fifteen_minutes_off(raw: Raw, path: str, minutes: int) -> None:
    assert raw.ask("GET", path, when=datetime.now(UTC) + timedelta(minutes=minutes)).status == 200


@pytest.mark.parametrize("value", ["", "yesterday", "20260101"], ids=["empty", "word", "day"])
def test_no_time(raw: Raw, path: str, value: str) -> None:
    request = raw.signed("GET", path)
    request.headers["x-amz-date"] = value
    raw.send(request).refused("AccessDenied", 403)


# The header itself


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Credential=", "Credentials="),
        ("Signature=", "Sig="),
        ("SignedHeaders=", "Headers="),
        ("/s3/", "/ec2/"),
        ("/aws4_request", "/aws5_request"),
        ("/s3/aws4_request", ""),
        ("SignedHeaders=host;", "SignedHeaders=,host;"),
    ],
    ids=["credential", "signature", "headers", "service", "terminal", "short_scope", "empty_headers"],
)
def test_a_malformed_header(raw: Raw, path: str, old: str, new: str) -> None:
    request = raw.signed("GET", path)
    assert old in authorization(request)
    request.headers["authorization"] = authorization(request).replace(old, new)
    raw.send(request).refused("AuthorizationHeaderMalformed", 400)


def test_a_scope_of_another_day(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path)
    day = str(request.headers["x-amz-date"])[:8]
    request.headers["authorization"] = authorization(request).replace(f"/{day}/", "/20200101/")
    raw.send(request).refused("AuthorizationHeaderMalformed", 400)


def test_another_service_though_well_signed(raw: Raw, path: str) -> None:
    raw.ask("GET", path, service="sqs").refused("AuthorizationHeaderMalformed", 400)


@pytest.mark.parametrize("value", ["Basic dGVzdDp0ZXN0", "Bearer abc", "nonsense"])
def test_other_schemes(raw: Raw, path: str, value: str) -> None:
    request = raw.plain("GET", path, headers={"authorization": value})
    raw.send(request).refused("InvalidArgument", 400)


def test_an_empty_header_is_none(raw: Raw, path: str) -> None:
    request = raw.plain("GET", path, headers={"authorization": ""})
    raw.send(request).refused("AccessDenied", 403)


def test_signature_version_2(raw: Raw, path: str, endpoint: Endpoint) -> None:
    headers = {
        "authorization": f"AWS {endpoint.access_key}:c2lnbmF0dXJl",
        "date": "Tue, 27 Mar 2007 19:36:42 +0000",
    }
    error = raw.send(raw.plain("GET", path, headers=dict(headers))).refused("InvalidRequest", 400)
    assert "AWS4-HMAC-SHA256" in error["Message"]


def test_content_sha256_is_wanted(raw: Raw, path: str) -> None:
    request = raw.signed("GET", path)
    del request.headers["x-amz-content-sha256"]
    answer = raw.send(request)
    assert (answer.status, answer.error["Code"]) == (400, "InvalidRequest")


@pytest.mark.parametrize("payload", ["nonsense", "STREAMING-NONSENSE", "a" * 63])
def test_content_sha256_that_cannot_be(raw: Raw, path: str, payload: str) -> None:
    raw.ask("PUT", path, body=b"x", payload=payload).refused("InvalidArgument", 400)


def test_an_answer_that_is_an_error_by_boto3(s3: S3, bucket_name: str) -> None:
    """The same keys over boto3: proof that the refusals above are not refusals of the keys."""
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket=bucket_name, Key="k")
