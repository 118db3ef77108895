"""Refusals over the wire: S3's code, the right headers, never a 500, and no secret in the log."""

from __future__ import annotations

from itertools import product

import pytest

from tests.gateway_process import GatewayProcess
from tests.hostile.conftest import BUCKET
from tests.hostile.wire import HOST, raw_of, statuses, talk

K = f"/{BUCKET}/k"
ODD = (
    "%00",
    "%01",
    "%0d%0a",
    "%7f",
    "%ED%A0%80",
    "%ff",
    "a" * 1100,
    "-1",
    "0",
    "9" * 25,
    "%20",
    "%2e%2e",
    "null",
    "",
)
ODD_VALUES = (
    *(b"", b"\xff\xfe", b"bytes=", b"bytes=-0", b"bytes=9-1", b"-1", b"1" * 40, b"*", b'"', b"/", b"%"),
    *(b"Thu, 99 Foo 2024 99:99:99 GMT", b"/x?versionId=%ff", b"/x/a%00b", b"\xe2\x80\xa8"),
)
QUERIES = (
    ("GET", K, "versionId=%s"), ("DELETE", f"/{BUCKET}/odd", "versionId=%s"),
    ("GET", K, "partNumber=%s"),
    ("GET", K, "uploadId=%s"), ("PUT", K, "partNumber=1&uploadId=%s"), ("POST", K, "uploadId=%s"),
    ("GET", K, "response-content-type=%s"), ("GET", K, "response-expires=%s"),
    ("GET", f"/{BUCKET}", "list-type=2&prefix=%s"), ("GET", f"/{BUCKET}", "list-type=2&start-after=%s"),
    ("GET", f"/{BUCKET}", "list-type=2&continuation-token=%s"),
    ("GET", f"/{BUCKET}", "versions=&key-marker=%s"),
    ("GET", f"/{BUCKET}", "uploads=&key-marker=a&upload-id-marker=%s"), ("GET", "/", "prefix=%s"),
)  # fmt: skip
HEADERS = (
    *("range", "if-match", "if-modified-since", "x-amz-copy-source", "x-amz-copy-source-range", "expires"),
    *("content-md5", "content-type", "x-amz-checksum-crc32", "x-amz-meta-", "x-amz-expected-bucket-owner"),
)


@pytest.mark.parametrize(("method", "path", "query"), QUERIES)
def test_odd_parameters(impatient: GatewayProcess, method: str, path: str, query: str) -> None:
    for value in ODD:
        answer = raw_of(impatient).ask(method, path, query % value)
        assert answer.status < 500 or answer.status == 501, (value, answer.body)


def test_odd_headers(impatient: GatewayProcess) -> None:
    for name, value, (method, path) in product(
        HEADERS, ODD_VALUES, (("GET", K), ("PUT", f"/{BUCKET}/odd"), ("HEAD", K))
    ):
        answer = raw_of(impatient).ask(method, path, headers={name: value})
        assert answer.status < 500 or answer.status == 501, (name, value, answer.body)


def test_a_copy_source_with_nul(impatient: GatewayProcess) -> None:
    headers = {"x-amz-copy-source": f"/{BUCKET}/a%00b"}
    raw_of(impatient).ask("PUT", f"/{BUCKET}/copy", headers=headers).refused("InvalidArgument", 400)


@pytest.mark.parametrize("version", ["other", "%01", "%7f", "%0d%0aX:%20y"])
def test_an_invalid_version(impatient: GatewayProcess, version: str) -> None:
    answer = raw_of(impatient).ask("GET", K, f"versionId={version}")
    assert answer.refused("InvalidArgument", 400)["Message"] == "Invalid version id specified"


def test_a_completion_without_a_body(impatient: GatewayProcess) -> None:
    upload = impatient.s3().create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    answer = raw_of(impatient).ask("POST", f"/{BUCKET}/parts", f"uploadId={upload}")
    assert answer.refused("InvalidRequest", 400)["Message"] == "You must specify at least one part"


def test_conditions_that_fail(impatient: GatewayProcess) -> None:
    raw = raw_of(impatient)
    etag = raw.ask("GET", K).headers["etag"]
    same = raw.ask("GET", K, headers={"if-none-match": etag})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert "last-modified" in same.headers
    raw.ask("GET", K, headers={"if-match": '"other"'}).refused("PreconditionFailed", 412)
    past = raw.ask("GET", K, headers={"range": "bytes=10-"})
    assert past.refused("InvalidRange", 416)["ActualObjectSize"] == "10"
    assert past.headers["content-range"] == "bytes */10"


def test_the_etag_of_a_refused_part_is_in_the_document(impatient: GatewayProcess) -> None:
    upload = impatient.s3().create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    part = b"<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"
    body = b"<CompleteMultipartUpload>" + part + b"</CompleteMultipartUpload>"
    answer = raw_of(impatient).ask("POST", f"/{BUCKET}/parts", f"uploadId={upload}", body=body)
    assert answer.refused("InvalidPart", 400)["ETag"] == "x"
    assert "etag" not in answer.headers


def test_methods_that_are_not_allowed(impatient: GatewayProcess) -> None:
    answer = talk(
        impatient, b"PATCH /" + BUCKET.encode() + b"/k HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    )
    assert statuses(answer) == [405]
    assert b"\r\nallow: " in answer.lower()


def test_zz_no_secret_is_in_the_log(impatient: GatewayProcess) -> None:
    """After all of the above, by name the last."""
    raw = raw_of(impatient)
    raw.ask("GET", K, secret_key="wrong").refused("SignatureDoesNotMatch", 403)
    raw.send(raw.presigned("GET", K))
    log = impatient.log()
    assert impatient.secret_key not in log
    assert "X-Amz-Signature" not in log
    assert "AWS4" not in log
    assert "Traceback" not in log
