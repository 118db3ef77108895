"""How bodies travel: Content-Length, Transfer-Encoding, Expect, and clients that go away."""

from __future__ import annotations

import base64
import hashlib
import os
import socket

import pytest

from compat_tests.handmade import UNSIGNED, Raw, Request, head_of, read_answer
from compat_tests.streams import Stream
from compat_tests.sums import BY_NAME
from compat_tests.support import S3, Endpoint, body_of, etag_of, path_of, refused_head, xml

BODY = bytes(range(256)) * 400
VHOST_DOMAIN = os.environ.get("S3_VHOST_DOMAIN", "")


def in_http_chunks(request: Request, size: int = 10_000) -> bytes:
    """The request with its body in Transfer-Encoding: chunked."""
    request.headers.pop("content-length", None)
    request.headers["transfer-encoding"] = "chunked"
    body, chunks = request.body, b""
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        chunks += b"%x\r\n%b\r\n" % (len(piece), piece)
    return head_of(request) + chunks + b"0\r\n\r\n"


def interim(connection: socket.socket) -> bytes:
    """The first lines that come back, up to the empty one."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            break
        received += piece
    return received


def test_expect_100_continue(raw: Raw, s3: S3, bucket: str) -> None:
    request = raw.signed("PUT", path_of(bucket, "k"), headers={"expect": "100-continue"}, body=BODY)
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        assert interim(connection).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        answer = read_answer(connection, "PUT")
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(BODY))
    assert body_of(s3, bucket, "k") == BODY


def test_expect_100_continue_without_a_body(raw: Raw, s3: S3, bucket: str) -> None:
    """aws-cli asks so for empty files too, and is confused where no 100 comes: its next upload on this
    connection waits for a minute."""
    request = raw.signed("PUT", path_of(bucket, "k"), headers={"expect": "100-continue"}, body=b"")
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        assert interim(connection).startswith(b"HTTP/1.1 100 ")
        answer = read_answer(connection, "PUT")
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(b""))
    assert body_of(s3, bucket, "k") == b""


@pytest.mark.parametrize("fault", ["signature", "bucket", "digest"])
def test_what_can_be_refused_is_refused_before_the_body(raw: Raw, bucket: str, fault: str) -> None:
    """No 100 Continue: the final answer comes at once."""
    path = path_of(bucket + "-no" if fault == "bucket" else bucket, "k")
    headers = {"expect": "100-continue"} | ({"content-md5": "nonsense"} if fault == "digest" else {})
    secret = "wrong" if fault == "signature" else None
    request = raw.signed("PUT", path, headers=dict(headers), body=BODY, secret_key=secret)
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        status = interim(connection).split(b" ")[1]
    assert status == {"signature": b"403", "bucket": b"404", "digest": b"400"}[fault]


def test_space_behind_a_headers_value(raw: Raw, s3: S3, bucket: str) -> None:
    """Perl's Amazon::S3 sends a Content-MD5 so."""
    headers = {
        "content-md5": base64.b64encode(hashlib.md5(BODY).digest()).decode(),
        "content-type": "text/plain",
    }
    request = raw.signed("PUT", path_of(bucket, "k"), headers=headers, body=BODY)
    with raw.open_socket() as connection:
        connection.sendall(head_of(request).replace(b"==\r\n", b"== \t\r\n") + BODY)
        assert read_answer(connection, "PUT").status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "text/plain"


# What SDKs add to requests, beside what S3 documents: for C++ (as pyarrow), for JavaScript, for Go; minio-go;
# for Java, of which the checksum is that of a GET's empty body.
OF_SDKS = [
    {"x-amz-api-version": "2006-03-01", "amz-sdk-invocation-id": "71B41E5D", "amz-sdk-request": "attempt=1"},
    {"x-amz-user-agent": "aws-sdk-js/3.1097.0", "amz-sdk-request": "attempt=1; max=3"},
    {
        "amz-sdk-invocation-id": "71b41e5d",
        "amz-sdk-request": "attempt=1; max=3",
        "accept-encoding": "identity",
    },
    {"x-amz-checksum-algorithm": "CRC32C"},
    {"x-amz-te": "append-md5", "amz-sdk-request": "attempt=1; max=4", "x-amz-checksum-crc32": "AAAAAA=="},
]


@pytest.mark.parametrize("headers", OF_SDKS, ids=["c++", "javascript", "go", "minio-go", "java"])
def test_what_sdks_add(raw: Raw, bucket: str, headers: dict[str, str]) -> None:
    bodies = {"PUT": b"" if "x-amz-te" in headers else BODY, "GET": b"", "HEAD": b"", "DELETE": b""}
    statuses = [
        raw.send(raw.signed(method, path_of(bucket, "k"), headers=dict(headers), body=body)).status
        for method, body in bodies.items()
    ]
    assert statuses == [200, 200, 200, 204]
    assert raw.send(raw.signed("HEAD", f"/{bucket}", headers=dict(headers))).status == 200


@pytest.mark.parametrize("payload", ["unsigned", "digest"])
def test_transfer_encoding_chunked(raw: Raw, s3: S3, bucket: str, payload: str) -> None:
    stated = UNSIGNED if payload == "unsigned" else hashlib.sha256(BODY).hexdigest()
    request = raw.signed("PUT", path_of(bucket, "k"), body=BODY, payload=stated)
    with raw.open_socket() as connection:
        connection.sendall(in_http_chunks(request))
        answer = read_answer(connection, "PUT")
    assert (answer.status, answer.headers.get("etag")) == (200, etag_of(BODY))
    assert body_of(s3, bucket, "k") == BODY


def test_aws_chunked_in_transfer_encoding_chunked(raw: Raw, s3: S3, bucket: str) -> None:
    crc = BY_NAME["CRC32"]
    stream = Stream(raw, path_of(bucket, "k"), BODY, signed=False, trailers={crc.header: crc.of(BODY)})
    with raw.open_socket() as connection:
        connection.sendall(in_http_chunks(stream.request()))
        answer = read_answer(connection, "PUT")
    assert (answer.status, answer.headers.get("etag")) == (200, etag_of(BODY))
    assert body_of(s3, bucket, "k") == BODY


def test_transfer_encoding_chunked_that_is_cut(raw: Raw, s3: S3, bucket: str) -> None:
    request = raw.signed("PUT", path_of(bucket, "k"), body=BODY, payload=UNSIGNED)
    with raw.open_socket() as connection:
        connection.sendall(in_http_chunks(request)[:-7])
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_no_length_at_all(raw: Raw, s3: S3, bucket: str) -> None:
    request = raw.signed("PUT", path_of(bucket, "k"), payload=UNSIGNED)
    del request.headers["content-length"]
    with raw.open_socket() as connection:
        connection.sendall(head_of(request))
        read_answer(connection, "PUT").refused("MissingContentLength", 411)
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("sent", [0, 1, len(BODY) - 1])
def test_a_client_that_goes_away(raw: Raw, s3: S3, bucket: str, sent: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    request = raw.signed("PUT", path_of(bucket, "k"), body=BODY)
    with raw.open_socket() as connection:
        connection.sendall(head_of(request) + BODY[:sent])
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        while connection.recv(65536):
            pass
    assert body_of(s3, bucket, "k") == b"before"


def test_several_requests_on_one_connection(raw: Raw, bucket: str) -> None:
    with raw.open_socket() as connection:
        for number in range(3):
            body = b"%d" % number
            connection.sendall(head_of(raw.signed("PUT", path_of(bucket, "k"), body=body)) + body)
            assert read_answer(connection, "PUT").headers["etag"] == etag_of(body)
            connection.sendall(head_of(raw.signed("GET", path_of(bucket, "k"))))
            assert read_answer(connection).body == body


# Virtual-host style, where the endpoint has a domain for it


def virtual(raw: Raw, method: str, bucket: str, path: str, endpoint: Endpoint, body: bytes = b"") -> Request:
    _, _, port = endpoint.netloc.partition(":")
    host = f"{bucket}.{VHOST_DOMAIN}" + (f":{port}" if port else "")
    return raw.signed(method, path, headers={"host": host}, body=body)


vhost = pytest.mark.skipif(not VHOST_DOMAIN, reason="S3_VHOST_DOMAIN is not set")


@vhost
def test_virtual_host_style(raw: Raw, s3: S3, bucket: str, endpoint: Endpoint) -> None:
    answer = raw.send(virtual(raw, "PUT", bucket, "/a/b", endpoint, body=b"by host"))
    assert answer.status == 200, answer.body
    assert body_of(s3, bucket, "a/b") == b"by host"
    assert raw.send(virtual(raw, "GET", bucket, "/a/b", endpoint)).body == b"by host"


@vhost
def test_a_virtual_host_is_a_bucket(raw: Raw, s3: S3, bucket: str, endpoint: Endpoint) -> None:
    s3.put_object(Bucket=bucket, Key=f"{bucket}/k", Body=b"x")
    root = xml(raw.send(virtual(raw, "GET", bucket, "/", endpoint)).body)
    assert root.findtext("Name") == bucket
    assert [key.text for key in root.iter("Key")] == [f"{bucket}/k"]
    assert raw.send(virtual(raw, "GET", bucket, f"/{bucket}/k", endpoint)).body == b"x"


@vhost
def test_a_virtual_host_may_be_made_and_removed(
    raw: Raw, s3: S3, bucket_name: str, endpoint: Endpoint
) -> None:
    assert raw.send(virtual(raw, "PUT", bucket_name, "/", endpoint)).status == 200
    assert raw.send(virtual(raw, "HEAD", bucket_name, "/", endpoint)).status == 200
    assert raw.send(virtual(raw, "DELETE", bucket_name, "/", endpoint)).status == 204
    with refused_head(404):
        s3.head_bucket(Bucket=bucket_name)
