"""The streaming modes of Signature Version 4: chunks that are signed or not, with trailers or without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.handmade import Raw, head_of
from compat_tests.streams import UNSIGNED_TRAILER, Stream
from compat_tests.sums import BY_NAME
from compat_tests.support import S3, body_of, path_of, refused_head

CRC = BY_NAME["CRC32"]
BODY = bytes(range(256)) * 1000
TRAILERS = {CRC.header: CRC.of(BODY)}
MODES = {"signed": (True, {}), "signed_trailer": (True, TRAILERS), "unsigned_trailer": (False, TRAILERS)}

each_mode = pytest.mark.parametrize(("signed", "trailers"), MODES.values(), ids=MODES)


@pytest.fixture
def path(bucket: str) -> str:
    return path_of(bucket, "k")


@pytest.fixture
def nothing_there(s3: S3, bucket: str) -> Callable[[], None]:
    def check() -> None:
        with refused_head(404):
            s3.head_object(Bucket=bucket, Key="k")

    return check


def flipped(part: bytes) -> bytes:
    return bytes([part[0] ^ 1]) + part[1:]


@each_mode
def test_it_is_stored_without_its_frame(
    raw: Raw, s3: S3, bucket: str, path: str, signed: bool, trailers: dict[str, str]
) -> None:
    answer = Stream(raw, path, BODY, signed, trailers).send()
    assert answer.status == 200, answer.body
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ContentLength"], got["Body"].read()) == (len(BODY), BODY)
    assert "ContentEncoding" not in got


@each_mode
def test_an_empty_body(
    raw: Raw, s3: S3, bucket: str, path: str, signed: bool, trailers: dict[str, str]
) -> None:
    fitting = {name: CRC.of(b"") for name in trailers}
    answer = Stream(raw, path, b"", signed, fitting).send()
    assert answer.status == 200, answer.body
    assert body_of(s3, bucket, "k") == b""


@pytest.mark.parametrize("size", [8192, 100_000, 10_000_000])
def test_sizes_of_chunks(raw: Raw, s3: S3, bucket: str, path: str, size: int) -> None:
    assert Stream(raw, path, BODY, chunk_bytes=size).send().status == 200
    assert body_of(s3, bucket, "k") == BODY


def test_the_real_encoding_stays(raw: Raw, s3: S3, bucket: str, path: str) -> None:
    Stream(raw, path, BODY, headers={"content-encoding": "aws-chunked,gzip"}).send()
    assert s3.head_object(Bucket=bucket, Key="k")["ContentEncoding"] == "gzip"


# Spoilt after it was signed


@each_mode
def test_the_requests_own_signature_counts(
    raw: Raw, path: str, nothing_there: Callable[[], None], signed: bool, trailers: dict[str, str]
) -> None:
    """STREAMING-UNSIGNED-PAYLOAD-TRAILER leaves the body unsigned, not the request."""
    request = Stream(raw, path, BODY, signed, trailers).request()
    request.headers["authorization"] = str(request.headers["authorization"])[:-8] + "00000000"
    raw.send(request).refused("SignatureDoesNotMatch", 403)
    nothing_there()


def test_unsigned_trailers_without_any_signature(
    raw: Raw, path: str, nothing_there: Callable[[], None]
) -> None:
    request = Stream(raw, path, BODY, signed=False, trailers=TRAILERS).request()
    del request.headers["authorization"]
    raw.send(request).refused("AccessDenied", 403)
    nothing_there()


@pytest.mark.parametrize("trailers", [{}, TRAILERS], ids=["plain", "trailer"])
@pytest.mark.parametrize("which", [0, 1, -1], ids=["first", "second", "last"])
def test_a_byte_of_a_chunk(
    raw: Raw, path: str, nothing_there: Callable[[], None], trailers: dict[str, str], which: int
) -> None:
    stream = Stream(raw, path, BODY, trailers=trailers)
    pieces = [BODY[at : at + stream.chunk_bytes] for at in range(0, len(BODY), stream.chunk_bytes)]
    target, seen = pieces[which], []

    def corrupt(piece: bytes) -> bytes:
        seen.append(piece)
        return flipped(piece) if len(seen) == (which % len(pieces)) + 1 else piece

    stream.corrupt_chunk = corrupt
    stream.send().refused("SignatureDoesNotMatch", 403)
    assert target in seen
    nothing_there()


def test_the_signature_of_the_last_chunk(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    def corrupt(body: bytes) -> bytes:
        at = body.rindex(b"chunk-signature=") + len(b"chunk-signature=")
        return body[:at] + b"0" * 64 + body[at + 64 :]

    Stream(raw, path, BODY).send(corrupt).refused("SignatureDoesNotMatch", 403)
    nothing_there()


def test_the_value_of_a_signed_trailer(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    stream = Stream(raw, path, BODY, trailers=TRAILERS)
    stream.corrupt_trailer = lambda line: f"{CRC.header}:{CRC.wrong()}".encode()
    stream.send().refused("SignatureDoesNotMatch", 403)
    nothing_there()


def test_a_trailer_without_its_signature(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    def corrupt(body: bytes) -> bytes:
        return body[: body.index(b"x-amz-trailer-signature:")] + b"\r\n"

    answer = Stream(raw, path, BODY, trailers=TRAILERS).send(corrupt)
    assert answer.status in (400, 403)
    assert answer.error["Code"] in ("IncompleteBody", "MalformedTrailerError", "SignatureDoesNotMatch")
    nothing_there()


def test_signed_chunks_without_signatures(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    answer = Stream(raw, path, b"abc").send(lambda _: b"3\r\nabc\r\n0\r\n\r\n")
    assert answer.status in (400, 403)
    assert answer.error["Code"] in ("IncompleteBody", "SignatureDoesNotMatch", "InvalidRequest")
    nothing_there()


@pytest.mark.parametrize("name", ["promised", "other"])
def test_a_trailer_that_does_not_come(
    raw: Raw, path: str, nothing_there: Callable[[], None], name: str
) -> None:
    stream = Stream(raw, path, BODY, signed=False, trailers=TRAILERS)
    replaced = b"" if name == "promised" else b"x-amz-checksum-crc32c:AAAAAA==\r\n"
    line = f"{CRC.header}:{CRC.of(BODY)}\r\n".encode()
    stream.send(lambda body: body.replace(line, replaced)).refused("MalformedTrailerError", 400)
    nothing_there()


# The frame


@each_mode
@pytest.mark.parametrize("cut", [1, 2, 5, 100, 100_000])
def test_a_stream_that_is_cut_short(
    raw: Raw, path: str, nothing_there: Callable[[], None], signed: bool, trailers: dict[str, str], cut: int
) -> None:
    answer = Stream(raw, path, BODY, signed, trailers).send(lambda body: body[:-cut])
    assert answer.status == 400
    assert answer.error["Code"] in ("IncompleteBody", "MalformedTrailerError")
    nothing_there()


@each_mode
@pytest.mark.parametrize("stated", [0, len(BODY) - 1, len(BODY) + 1])
def test_another_length_than_declared(
    raw: Raw,
    path: str,
    nothing_there: Callable[[], None],
    signed: bool,
    trailers: dict[str, str],
    stated: int,
) -> None:
    answer = Stream(raw, path, BODY, signed, trailers, decoded_length=str(stated)).send()
    assert answer.status == 400
    assert answer.error["Code"] in ("IncompleteBody", "InvalidRequest")
    nothing_there()


def test_no_declared_length(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    headers = {"x-amz-trailer": CRC.header, "content-encoding": "aws-chunked"}
    body = b"3\r\nabc\r\n0\r\n\r\n"
    answer = raw.ask("PUT", path, headers=dict(headers), body=body, payload=UNSIGNED_TRAILER)
    answer.refused("MissingContentLength", 411)
    nothing_there()


@pytest.mark.parametrize(
    "head",
    [
        b"xyz\r\n",
        b"-3\r\n",
        b"0x3\r\n",
        b"3" * 5000 + b"\r\n",
        b"3;" + b"a" * 70_000 + b"\r\n",
        b"ffffffffffffffff\r\n",
    ],
    ids=["word", "negative", "prefix", "long_size", "long_extension", "huge"],
)
def test_heads_of_chunks_that_cannot_be(
    raw: Raw, path: str, nothing_there: Callable[[], None], head: bytes
) -> None:
    stream = Stream(raw, path, b"abc", signed=False, trailers={CRC.header: CRC.of(b"abc")})
    answer = stream.send(lambda body: head + body[3:])
    assert answer.status == 400
    assert answer.error["Code"] in ("IncompleteBody", "InvalidRequest", "InvalidChunkSizeError")
    nothing_there()


def test_endless_trailers(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    stream = Stream(raw, path, b"abc", signed=False, trailers={CRC.header: CRC.of(b"abc")})
    answer = stream.send(lambda body: body[:-2] + b"x-amz-checksum-sha1:aaaa\r\n" * 10_000 + b"\r\n")
    assert answer.status == 400
    assert answer.error["Code"] in ("MalformedTrailerError", "IncompleteBody")
    nothing_there()


def test_small_chunks_before_the_last(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    """ "Each chunk size must be at least 8 KB", but for the last."""
    Stream(raw, path, b"a" * 3000, chunk_bytes=1000).send().refused("InvalidChunkSizeError", 403)
    nothing_there()


def test_an_unknown_trailer_is_refused_ahead(raw: Raw, path: str, nothing_there: Callable[[], None]) -> None:
    stream = Stream(raw, path, b"abc", signed=False, trailers={"x-amz-meta-late": "1"})
    stream.send().refused("InvalidRequest", 400)
    nothing_there()


@each_mode
def test_a_client_that_goes_away(
    raw: Raw, path: str, nothing_there: Callable[[], None], signed: bool, trailers: dict[str, str]
) -> None:
    request = Stream(raw, path, BODY, signed, trailers).request()
    with raw.open_socket() as connection:
        connection.sendall(head_of(request) + request.body[: len(request.body) // 2])
    nothing_there()
