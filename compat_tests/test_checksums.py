"""Checksums of objects put in one request: "Checking object integrity in Amazon S3"."""

from __future__ import annotations

import base64
import hashlib

import pytest

from compat_tests.handmade import Headers, Raw
from compat_tests.streams import Stream
from compat_tests.sums import ALGORITHMS, BY_NAME, DIGITS, Algorithm
from compat_tests.support import S3, etag_of, path_of, refused_head

BODIES = {"digits": DIGITS, "empty": b"", "megabyte": bytes(range(256)) * 4096}
each = pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)


def sums_of(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("x-amz-checksum-")}


def nothing_there(s3: S3, bucket: str) -> None:
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


@each
def test_our_own_arithmetic(algorithm: Algorithm) -> None:
    assert algorithm.digest(DIGITS).hex() == algorithm.check


@each
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_in_a_header(raw: Raw, bucket: str, algorithm: Algorithm, body: bytes) -> None:
    path, value = path_of(bucket, "k"), algorithm.of(body)
    put = raw.ask("PUT", path, headers={algorithm.header: value}, body=body)
    assert (put.status, put.headers[algorithm.header]) == (200, value)
    for method in ("GET", "HEAD"):
        got = raw.ask(method, path, headers={"x-amz-checksum-mode": "ENABLED"})
        assert sums_of(got.headers) == {algorithm.header: value, "x-amz-checksum-type": "FULL_OBJECT"}
        assert sums_of(raw.ask(method, path).headers) == {}


@each
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_in_a_trailer(raw: Raw, bucket: str, algorithm: Algorithm, signed: bool) -> None:
    path, body = path_of(bucket, "k"), BODIES["megabyte"]
    put = Stream(raw, path, body, signed=signed, trailers={algorithm.header: algorithm.of(body)}).send()
    assert put.status == 200, put.body
    got = raw.ask("GET", path, headers={"x-amz-checksum-mode": "ENABLED"})
    assert got.body == body
    assert sums_of(got.headers) == {
        algorithm.header: algorithm.of(body),
        "x-amz-checksum-type": "FULL_OBJECT",
    }
    assert "content-encoding" not in got.headers


@each
def test_a_wrong_header(raw: Raw, s3: S3, bucket: str, algorithm: Algorithm) -> None:
    headers: Headers = {algorithm.header: algorithm.wrong()}
    error = raw.ask("PUT", path_of(bucket, "k"), headers=headers, body=DIGITS).refused("BadDigest", 400)
    assert algorithm.name in error["Message"].upper()
    nothing_there(s3, bucket)


@each
def test_a_wrong_trailer(raw: Raw, s3: S3, bucket: str, algorithm: Algorithm) -> None:
    trailers = {algorithm.header: algorithm.wrong()}
    Stream(raw, path_of(bucket, "k"), DIGITS, signed=False, trailers=trailers).send().refused(
        "BadDigest", 400
    )
    nothing_there(s3, bucket)


@each
@pytest.mark.parametrize("value", ["nonsense!", "AAA="], ids=["text", "short"])
def test_a_malformed_header(raw: Raw, s3: S3, bucket: str, algorithm: Algorithm, value: str) -> None:
    headers: Headers = {algorithm.header: value}
    raw.ask("PUT", path_of(bucket, "k"), headers=headers, body=DIGITS).refused("InvalidRequest", 400)
    nothing_there(s3, bucket)


@each
def test_boto3_asks_for_it(s3: S3, bucket: str, algorithm: Algorithm) -> None:
    """MD5 is the one that boto3 does not compute by itself."""
    more = {algorithm.member: algorithm.of(DIGITS)} if algorithm.name == "MD5" else {}
    if not more:
        more = {"ChecksumAlgorithm": algorithm.name}
    put = s3.put_object(Bucket=bucket, Key="k", Body=DIGITS, **more)
    assert put[algorithm.member] == algorithm.of(DIGITS)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got[algorithm.member], got["ChecksumType"]) == (
        DIGITS,
        algorithm.of(DIGITS),
        "FULL_OBJECT",
    )


def test_boto3_by_default(s3: S3, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=DIGITS)
    assert (put["ChecksumCRC32"], put["ChecksumType"]) == (BY_NAME["CRC32"].of(DIGITS), "FULL_OBJECT")


def test_without_any_it_is_crc64nvme(bare_s3: S3, bucket: str) -> None:
    """ "If no checksum is given, Amazon S3 adds the default checksum, CRC64NVME"."""
    put = bare_s3.put_object(Bucket=bucket, Key="k", Body=DIGITS)
    assert put["ChecksumCRC64NVME"] == BY_NAME["CRC64NVME"].of(DIGITS)
    got = bare_s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC64NVME"], got["ChecksumType"]) == (BY_NAME["CRC64NVME"].of(DIGITS), "FULL_OBJECT")


def test_a_range_has_no_checksum_of_the_whole(raw: Raw, bucket: str) -> None:
    """A client would hold it against the piece that it got."""
    path = path_of(bucket, "k")
    raw.ask("PUT", path, headers={"x-amz-checksum-crc32": BY_NAME["CRC32"].of(DIGITS)}, body=DIGITS)
    got = raw.ask("GET", path, headers={"x-amz-checksum-mode": "ENABLED", "range": "bytes=1-2"})
    assert (got.status, got.body) == (206, b"23")
    assert "x-amz-checksum-crc32" not in got.headers


def test_two_checksums_at_once(raw: Raw, s3: S3, bucket: str) -> None:
    headers: Headers = {BY_NAME[name].header: BY_NAME[name].of(DIGITS) for name in ("CRC32", "SHA256")}
    raw.ask("PUT", path_of(bucket, "k"), headers=headers, body=DIGITS).refused("InvalidRequest", 400)
    nothing_there(s3, bucket)


def test_an_algorithm_without_its_checksum(raw: Raw, s3: S3, bucket: str) -> None:
    headers: Headers = {"x-amz-sdk-checksum-algorithm": "SHA256"}
    raw.ask("PUT", path_of(bucket, "k"), headers=headers, body=DIGITS).refused("InvalidRequest", 400)
    nothing_there(s3, bucket)


def test_an_unknown_algorithm(raw: Raw, s3: S3, bucket: str) -> None:
    headers: Headers = {"x-amz-sdk-checksum-algorithm": "ADLER32", "x-amz-checksum-adler32": "AAAAAA=="}
    raw.ask("PUT", path_of(bucket, "k"), headers=headers, body=DIGITS).refused("InvalidRequest", 400)
    nothing_there(s3, bucket)


# Content-MD5


def test_right_content_md5(raw: Raw, bucket: str) -> None:
    value = base64.b64encode(hashlib.md5(DIGITS).digest()).decode()
    answer = raw.ask("PUT", path_of(bucket, "k"), headers={"content-md5": value}, body=DIGITS)
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(DIGITS))


def test_wrong_content_md5(raw: Raw, s3: S3, bucket: str) -> None:
    value = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    raw.ask("PUT", path_of(bucket, "k"), headers={"content-md5": value}, body=DIGITS).refused(
        "BadDigest", 400
    )
    nothing_there(s3, bucket)


@pytest.mark.parametrize(
    "value", ["nonsense!", "YWJj", "", hashlib.md5(DIGITS).hexdigest()], ids=["text", "short", "empty", "hex"]
)
def test_malformed_content_md5(raw: Raw, s3: S3, bucket: str, value: str) -> None:
    raw.ask("PUT", path_of(bucket, "k"), headers={"content-md5": value}, body=DIGITS).refused(
        "InvalidDigest", 400
    )
    nothing_there(s3, bucket)


def test_wrong_content_sha256(raw: Raw, s3: S3, bucket: str) -> None:
    payload = hashlib.sha256(b"other").hexdigest()
    answer = raw.ask("PUT", path_of(bucket, "k"), body=DIGITS, payload=payload)
    error = answer.refused("XAmzContentSHA256Mismatch", 400)
    assert error["ClientComputedContentSHA256"] == payload
    assert error["S3ComputedContentSHA256"] == hashlib.sha256(DIGITS).hexdigest()
    nothing_there(s3, bucket)
