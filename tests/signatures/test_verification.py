"""Verification of requests that botocore signed, and every reason to refuse one."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from s3api.errors import S3Error
from s3api.signatures import PayloadMode, parse_anonymous_request, parse_signed_request
from s3api.signatures.credentials import parse_authorization_header
from s3api.signatures.signing import signing_key
from s3api.signatures.timestamps import stamp_seconds

from .signer import (
    ACCESS,
    HOST,
    MINUTE,
    NOW_US,
    SECRET,
    URL,
    Request,
    claim,
    header,
    query_changed,
    refused,
    signed,
    verified,
    with_header,
)


def authorized(value: str) -> Request:
    return with_header(signed("GET", URL), b"authorization", value.encode("latin-1"))


PATHS = [
    "/",
    "/a//b",
    "/a/../b",
    "/./a",
    "/a%2Bb%20c",
    "/~tilde",
    "/%C3%A9%E2%82%AC",
    "/a%252Fb",
    "/%FF%FE",
    "//",
    "/a%3Fb%23c",
]
QUERIES = [
    "",
    "?acl",
    "?list-type=2&prefix=a%2Fb&delimiter=%2F",
    "?b=2&a=1&a=0&B=3",
    "?prefix=%C3%A9%20x",
    "?a=&ab=1&a-=2",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("expires", [None, 60])
def test_botocore_signs_it_and_we_agree(path: str, query: str, expires: int | None) -> None:
    proof = verified(signed("GET", f"http://{HOST}{path}{query}", expires=expires))
    assert (proof.access_key, proof.presigned) == (ACCESS, expires is not None)


def test_other_spellings_of_the_same_path_and_query() -> None:
    method, path, _, headers = signed("GET", f"http://{HOST}/a/%28b%29~%2B?prefix=x%20y&marker=%2F")
    for spelled in (b"/a/(b)~+", b"/%61%2f%28b%29%7e%2b"):
        for query in (b"prefix=x%20y&marker=%2F", b"marker=/&prefix=x+y", b"&marker=%2f&&prefix=%78%20y"):
            verified((method, spelled, query, headers))
    refused((method, b"/a/%28b%29~%20", b"prefix=x%20y&marker=%2F", headers), "SignatureDoesNotMatch")
    refused((method, path, b"prefix=x%2By&marker=%2F", headers), "SignatureDoesNotMatch")


def test_header_values_are_trimmed_and_repeated_ones_joined() -> None:
    request = signed("PUT", URL, {"x-amz-meta-a": "one two", "x-amz-meta-b": "1,2"})
    spaced = with_header(request, b"x-amz-meta-a", b"  one \t  two ")
    fields = [(n, v) for n, v in spaced[3] if n != b"x-amz-meta-b"]
    split = [*fields, (b"x-amz-meta-b", b" 1"), (b"X-Amz-Meta-B", b"2 ")]
    verified((*spaced[:3], split))
    refused(
        (*spaced[:3], [*fields, (b"x-amz-meta-b", b"2"), (b"x-amz-meta-b", b"1")]), "SignatureDoesNotMatch"
    )


def test_bytes_that_are_no_utf8_are_signed_as_they_are() -> None:
    request = signed("PUT", URL, {"x-amz-meta-a": "x"})
    error = refused(with_header(request, b"x-amz-meta-a", b"\xff\xfe"), "SignatureDoesNotMatch")
    assert "\ufffd" in error.details["CanonicalRequest"]
    value = header(request, b"authorization").replace(ACCESS.encode(), b"\xff\xfe")
    refused(with_header(request, b"authorization", value), "AuthorizationHeaderMalformed")
    presigned = signed("GET", URL, expires=60)
    refused(query_changed(presigned, ACCESS.encode(), b"%FF"), "AuthorizationQueryParametersError")


def test_mismatch_tells_why() -> None:
    found = claim(signed("GET", URL))
    with pytest.raises(S3Error) as caught:
        found.verify("wrong")
    details = caught.value.details
    assert caught.value.code == "SignatureDoesNotMatch"
    assert details["AWSAccessKeyId"] == ACCESS
    assert details["CanonicalRequest"].startswith("GET\n/some/key.txt\n\nhost:" + HOST)
    assert bytes.fromhex(details["CanonicalRequestBytes"]).decode() == details["CanonicalRequest"]
    assert details["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/")
    assert bytes.fromhex(details["StringToSignBytes"]).decode() == details["StringToSign"]
    assert len(details["SignatureProvided"]) == 64
    assert found.unknown_key().details == {"AWSAccessKeyId": ACCESS}


def test_no_secret_in_any_repr() -> None:
    request = signed(
        "PUT",
        URL,
        {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length": "1"},
    )
    found = claim(request)
    proof = found.verify(SECRET)
    assert proof.chunk_signer is not None
    for text in (repr(found), repr(proof), repr(signing_key), repr(proof.chunk_signer)):
        assert SECRET not in text
        assert repr(proof.chunk_signer.key) not in text


def test_signing_keys_are_kept_and_bounded() -> None:
    signing_key.cache_clear()
    for _ in range(3):
        verified(signed("GET", URL))
    assert signing_key.cache_info().hits == 2
    assert signing_key.cache_info().maxsize == 1024


def test_anonymous() -> None:
    assert parse_signed_request("GET", b"/b/k", b"acl", [(b"host", b"h")], NOW_US) is None
    assert (
        parse_signed_request("GET", b"/b/k", b"acl", [(b"host", b"h"), (b"authorization", b" ")], NOW_US)
        is None
    )
    assert parse_anonymous_request([(b"host", b"h")]).mode is PayloadMode.UNSIGNED
    streaming = [
        (b"x-amz-content-sha256", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        (b"x-amz-decoded-content-length", b"3"),
    ]
    assert parse_anonymous_request(streaming).payload.decoded_length == 3
    with pytest.raises(S3Error, match="Anonymous"):
        parse_anonymous_request(
            [(b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), streaming[1]]
        )


@pytest.mark.parametrize("expires", [None, 60])
@pytest.mark.parametrize(
    "name", [b"x-amz-acl", b"x-amz-copy-source", b"x-amz-meta-a", b"X-Amz-Tagging", b"x-amz-date"]
)
def test_every_amz_header_must_be_signed(name: bytes, expires: int | None) -> None:
    request = signed("PUT", URL, expires=expires)
    if name == b"x-amz-date" and expires is None:
        value = header(request, b"authorization").replace(b";x-amz-date", b"")
        request = with_header(request, b"authorization", value)
    else:
        request[3].append((name, b"20130524T000000Z"))
    error = refused(request, "AccessDenied")
    assert error.message == "There were headers present in the request which were not signed"
    assert error.details == {"HeadersNotSigned": name.decode().lower()}


def test_headers_of_others_need_not_be_signed() -> None:
    request = signed("PUT", URL, expires=60)
    request[3].extend([(b"content-type", b"text/plain"), (b"x-amzn-trace-id", b"1"), (b"user-agent", b"x")])
    verified(request)


@pytest.mark.parametrize("expires", [None, 60])
def test_host_must_be_signed(expires: int | None) -> None:
    request = signed("GET", URL, expires=expires)
    if expires:
        request = query_changed(request, b"SignedHeaders=host", b"SignedHeaders=range")
    else:
        request = with_header(
            request, b"authorization", header(request, b"authorization").replace(b"=host;", b"=")
        )
    assert refused(request, "AccessDenied").details["HeadersNotSigned"] == "host"


def test_only_one_mechanism() -> None:
    request = signed("GET", URL, expires=60)
    for value in (header(signed("GET", URL), b"authorization"), b"Basic c2VjcmV0"):
        error = refused((*request[:3], [*request[3], (b"authorization", value)]), "InvalidArgument")
        assert (error.message or "").startswith("Only one auth mechanism allowed")
        assert "c2VjcmV0" not in str(error.details)


@pytest.mark.parametrize("query", [b"AWSAccessKeyId=a&Signature=b&Expires=1", b"Signature=x"])
def test_signature_version_2_in_the_query(query: bytes) -> None:
    refused(("GET", b"/b/k", query, [(b"host", b"h")]), "InvalidRequest")


M, A, R = "AuthorizationHeaderMalformed", "InvalidArgument", "InvalidRequest"
SCOPE = "AK/20130524/us-east-1/s3/aws4_request"
TAIL = "SignedHeaders=host, Signature=00"


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("AWS AK:c2lnbmF0dXJl", R, "Please use AWS4-HMAC-SHA256"),
        ("AWS4-ECDSA-P256-SHA256 Credential=AK", "NotImplemented", "ECDSA"),
        ("Basic Zm9vOmJhcg==", A, "Unsupported Authorization Type"),
        ("AWS4-HMAC-SHA256", M, "component"),
        ("AWS4-HMAC-SHA256 nonsense", M, "component"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host", M, "missing Signature"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, Signature=00", M, "missing SignedHeaders"),
        (f"AWS4-HMAC-SHA256 {TAIL}", M, "missing Credential"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, {TAIL}, Signature=11", M, "component"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/s3, {TAIL}", M, "mal-formed"),
        (f"AWS4-HMAC-SHA256 Credential=/20130524/us-east-1/s3/aws4_request, {TAIL}", M, "mal-formed"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20130524//s3/aws4_request, {TAIL}", M, "mal-formed"),
        (f"AWS4-HMAC-SHA256 Credential=AK/2013052/us-east-1/s3/aws4_request, {TAIL}", M, "date format"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20131352/us-east-1/s3/aws4_request, {TAIL}", M, "date format"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20130523/us-east-1/s3/aws4_request, {TAIL}", M, "credential date"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/ec2/aws4_request, {TAIL}", M, "service"),
        (f"AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/s3/aws5_request, {TAIL}", M, "terminal"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=ho st, Signature=00", M, "SignedHeaders"),
    ],
)  # fmt: skip
def test_malformed_authorization(value: str, code: str, message: str) -> None:
    error = refused(authorized(value), code)
    assert message in (error.message or "")
    assert "Zm9v" not in str(error.details)


@pytest.mark.parametrize("expires", [None, 60])
def test_region(expires: int | None) -> None:
    request = signed("GET", URL, expires=expires, region="eu-west-1")
    claim(request, region=None).verify(SECRET)
    claim(request, region="eu-west-1").verify(SECRET)
    code = "AuthorizationQueryParametersError" if expires else M
    error = refused(request, code, region="us-east-1")
    assert error.details == {"Region": "us-east-1"}
    assert "the region 'eu-west-1' is wrong; expecting 'us-east-1'" in (error.message or "")


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_clocks_may_differ_by_15_minutes(minutes: int) -> None:
    verified(signed("GET", URL), NOW_US + minutes * MINUTE)


@pytest.mark.parametrize("late_us", [15 * MINUTE + 1_000_000, -15 * MINUTE - 1_000_000])
def test_skew(late_us: int) -> None:
    details = refused(signed("GET", URL), "RequestTimeTooSkewed", NOW_US + late_us).details
    assert details["RequestTime"] == "20130524T000000Z"
    assert details["MaxAllowedSkewMilliseconds"] == "900000"
    assert details["ServerTime"] in ("2013-05-24T00:15:01Z", "2013-05-23T23:44:59Z")


def test_date_header_instead_of_x_amz_date() -> None:
    """Without x-amz-date the string to sign has the time of the Date header."""
    request = signed("GET", URL)
    value = header(request, b"authorization").replace(b";x-amz-date", b"")
    fields = [(n, v) for n, v in request[3] if n not in (b"x-amz-date", b"authorization")]
    for date in (b"Fri, 24 May 2013 00:00:00 GMT", b"20130524T000000Z", b"Fri, 24 May 2013 02:00:00 +0200"):
        sent = (*request[:3], [*fields, (b"date", date), (b"authorization", value)])
        assert claim(sent).scope.stamp == b"20130524T000000Z"
    for date in (
        b"",
        b"yesterday",
        b"\xff",
        b"Fri, 24 May 2013 99:00:00 GMT",
        b"20130524T000060Z",
        b"0" * 5000,
    ):
        refused((*request[:3], [*fields, (b"date", date), (b"authorization", value)]), "AccessDenied")


def test_only_iam_takes_a_credential_without_a_region() -> None:
    stamp = b"20260101T000000Z"
    now_s = stamp_seconds(stamp)
    assert now_s
    for service, accepted in ((b"iam", True), (b"s3", False)):
        header = b"AWS4-HMAC-SHA256 Credential=AK/20260101//%b/aws4_request, SignedHeaders=host, " % service
        header += b"Signature=" + b"0" * 64
        with nullcontext() if accepted else pytest.raises(S3Error, match="Credential is mal-formed"):
            parsed = parse_authorization_header(header, {b"x-amz-date": stamp}, now_s, None, service)
            assert parsed.access_key == "AK"
