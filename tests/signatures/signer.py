"""Signers: botocore's, and one written from AWS's documentation for the signed streaming modes."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3api.errors import S3Error
from s3api.signatures import SignedRequest, VerifiedRequest, parse_signed_request

ACCESS = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
DAY = b"20130524"
STAMP = b"20130524T000000Z"
SCOPE = b"20130524/us-east-1/s3/aws4_request"
HOST = "examplebucket.s3.amazonaws.com"
URL = f"http://{HOST}/some/key.txt"
MINUTE = 60 * 1_000_000
EMPTY = hashlib.sha256().hexdigest()

Headers = list[tuple[bytes, bytes]]
Request = tuple[str, bytes, bytes, Headers]


def signed(
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    body: bytes = b"",
    expires: int | None = None,
    at: datetime = NOW,
    region: str = "us-east-1",
) -> Request:
    """Sign a request with botocore: in the header, or presigned if `expires` is given."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
    credentials = Credentials(ACCESS, SECRET)
    if expires is None:
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", region)
        stated = request.headers.get("x-amz-content-sha256")
        if stated is not None:
            signer.payload = lambda request: stated
    else:
        signer = botocore.auth.S3SigV4QueryAuth(credentials, "s3", region, expires=expires)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=at.replace(tzinfo=None)):
        signer.add_auth(request)
    parts = urlsplit(request.url)
    sent = [(name.lower().encode(), value.encode("utf-8")) for name, value in request.headers.items()]
    if not any(name == b"host" for name, _ in sent):
        sent.insert(0, (b"host", parts.netloc.encode()))
    return method, parts.path.encode(), parts.query.encode(), sent


def claim(request: Request, now_us: int = NOW_US, region: str | None = None) -> SignedRequest:
    found = parse_signed_request(*request, now_us, region)
    assert found is not None
    return found


def verified(request: Request, now_us: int = NOW_US) -> VerifiedRequest:
    return claim(request, now_us).verify(SECRET)


def refused(request: Request, code: str, now_us: int = NOW_US, region: str | None = None) -> S3Error:
    with pytest.raises(S3Error) as caught:
        claim(request, now_us, region).verify(SECRET)
    assert caught.value.code == code, caught.value
    return caught.value


def query_changed(request: Request, old: bytes, new: bytes) -> Request:
    method, path, query, headers = request
    assert old in query
    return method, path, query.replace(old, new), headers


def with_header(request: Request, name: bytes, value: bytes) -> Request:
    method, path, query, headers = request
    return method, path, query, [*((n, v) for n, v in headers if n != name), (name, value)]


def header(request: Request, name: bytes) -> bytes:
    return dict(request[3])[name]


def hand_key() -> bytes:
    key = b"AWS4" + SECRET.encode()
    for part in (DAY, b"us-east-1", b"s3", b"aws4_request"):
        key = hmac.new(key, part, hashlib.sha256).digest()
    return key


def hand_sign(*lines: bytes) -> bytes:
    return hmac.new(hand_key(), b"\n".join(lines), hashlib.sha256).hexdigest().encode()


def hand_chunks(seed: bytes, chunks: list[bytes], trailers: dict[str, str] | None = None) -> bytes:
    """Encode the body of STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER), the final empty chunk added."""
    body, previous = b"", seed
    for chunk in [*chunks, b""]:
        digest = hashlib.sha256(chunk).hexdigest().encode()
        previous = hand_sign(b"AWS4-HMAC-SHA256-PAYLOAD", STAMP, SCOPE, previous, EMPTY.encode(), digest)
        body += b"%x;chunk-signature=%b\r\n%b" % (len(chunk), previous, chunk + b"\r\n" if chunk else b"")
    if trailers is None:
        return body + b"\r\n"
    lines = [f"{name}:{value}".encode() for name, value in sorted(trailers.items())]
    digest = hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest().encode()
    signature = hand_sign(b"AWS4-HMAC-SHA256-TRAILER", STAMP, SCOPE, previous, digest)
    return body + b"".join(line + b"\r\n" for line in [*lines, b"x-amz-trailer-signature:" + signature, b""])
