"""Decoding of aws-chunked bodies, compared with botocore and a hand-written signer; also corrupted."""

from __future__ import annotations

import base64
import io
import random
import zlib
from contextlib import suppress

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

from s3api.errors import S3Error
from s3api.signatures import ChunkedDecoder, Payload, PayloadMode, VerifiedRequest
from s3api.signatures.aws_chunked import MAX_TRAILER_BYTES

from .signer import hand_chunks, signed, verified

CRC32 = "x-amz-checksum-crc32"
BIG = random.Random(3).randbytes(20_000)


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def unsigned(length: int, *trailers: str) -> VerifiedRequest:
    return VerifiedRequest("AK", False, Payload(PayloadMode.UNSIGNED_TRAILER, None, length, trailers))


def chained(length: int, *trailers: str) -> VerifiedRequest:
    mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailers else "")
    headers = {"x-amz-content-sha256": mode, "x-amz-decoded-content-length": str(length)}
    if trailers:
        headers["x-amz-trailer"] = ",".join(trailers)
    return verified(signed("PUT", "http://h/b/k", headers))


def seed(proof: VerifiedRequest) -> bytes:
    assert proof.chunk_signer is not None
    return proof.chunk_signer.seed_signature


def decode(proof: VerifiedRequest, body: bytes, step: int = 1 << 30) -> tuple[bytes, ChunkedDecoder]:
    decoder, out = ChunkedDecoder(proof), b""
    for start in range(0, len(body), step):
        out += b"".join(decoder.feed(body[start : start + step]))
    decoder.finish()
    return out, decoder


def refused(proof: VerifiedRequest, body: bytes, code: str, step: int = 1 << 30) -> S3Error:
    with pytest.raises(S3Error) as caught:
        decode(proof, body, step)
    assert caught.value.code == code, caught.value
    return caught.value


def signed_body(trailer: bool) -> tuple[VerifiedRequest, bytes, bytes]:
    """Make a verified request, its body of three chunks, and the payload."""
    proof = chained(len(BIG), CRC32) if trailer else chained(len(BIG))
    trailers = {CRC32: crc32(BIG)} if trailer else None
    return proof, hand_chunks(seed(proof), [BIG[:8192], BIG[8192:19_000], BIG[19_000:]], trailers), BIG


@pytest.mark.parametrize("size", [0, 1, 255, 256, 1000, 100_000])
@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
def test_botocores_wrapper(size: int, step: int) -> None:
    data = random.Random(size).randbytes(size)
    body = AwsChunkedWrapper(io.BytesIO(data), Crc32Checksum, CRC32, chunk_size=30_000).read()
    out, decoder = decode(unsigned(size, CRC32), body, step)
    assert out == data
    assert decoder.complete
    assert decoder.trailers == {CRC32: crc32(data)}


@pytest.mark.parametrize("trailer", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 87, 8192, 1 << 20])
def test_signed_chunks(trailer: bool, step: int) -> None:
    proof, body, payload = signed_body(trailer)
    out, decoder = decode(proof, body, step)
    assert out == payload
    assert decoder.trailers == ({CRC32: crc32(BIG)} if trailer else {})


@pytest.mark.parametrize("trailer", [False, True])
def test_empty_signed_body(trailer: bool) -> None:
    proof = chained(0, *([CRC32] if trailer else []))
    body = hand_chunks(seed(proof), [], {CRC32: crc32(b"")} if trailer else None)
    assert decode(proof, body, 1)[0] == b""


def test_cut_in_two_anywhere() -> None:
    body = AwsChunkedWrapper(io.BytesIO(b"x" * 300), Crc32Checksum, CRC32, chunk_size=100).read()
    for cut in range(len(body) + 1):
        decoder = ChunkedDecoder(unsigned(300, CRC32))
        out = b"".join([*decoder.feed(body[:cut]), *decoder.feed(body[cut:])])
        decoder.finish()
        assert out == b"x" * 300


def test_truncated_anywhere() -> None:
    proof, signed_stream, _ = signed_body(trailer=True)
    plain = AwsChunkedWrapper(io.BytesIO(b"x" * 300), Crc32Checksum, CRC32, chunk_size=100).read()
    for cut in range(len(plain)):
        refused(unsigned(300, CRC32), plain[:cut], "IncompleteBody")
    for cut in [*range(0, 200), *range(8190, 8400), *range(len(signed_stream) - 300, len(signed_stream))]:
        refused(proof, signed_stream[:cut], "IncompleteBody")


def test_payload_is_not_copied() -> None:
    body = bytearray(b"400\r\n" + b"a" * 1024 + b"\r\n0\r\n\r\n")
    pieces = ChunkedDecoder(unsigned(1024)).feed(body)
    assert [len(piece) for piece in pieces] == [1024]
    assert pieces[0].obj is body


@pytest.mark.parametrize("trailer", [False, True])
def test_any_changed_byte_of_a_signed_body_is_refused(trailer: bool) -> None:
    proof, body, _ = signed_body(trailer)
    interesting = [
        *range(0, 100),
        *range(8270, 8400),
        *range(19_150, 19_300),
        *range(len(body) - 300, len(body)),
    ]
    for at in interesting:
        for flip in (1, 0x80):
            changed = body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]
            with pytest.raises(S3Error):
                decode(proof, changed)


def test_chunks_in_another_order_are_refused() -> None:
    proof = chained(16_384)
    body = hand_chunks(seed(proof), [b"a" * 8192, b"b" * 8192])
    size = len(b"2000;chunk-signature=" + b"0" * 64 + b"\r\n") + 8192 + 2
    error = refused(proof, body[size : 2 * size] + body[:size] + body[2 * size :], "SignatureDoesNotMatch")
    assert error.details["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n")
    assert "CanonicalRequest" not in error.details


def test_a_bad_chunk_is_known_before_the_end() -> None:
    proof, body, _ = signed_body(trailer=False)
    decoder = ChunkedDecoder(proof)
    broken = body.replace(BIG[:8192], BIG[:8191] + b"!")
    with pytest.raises(S3Error) as caught:
        decoder.feed(broken[: 8192 + 88])
    assert caught.value.code == "SignatureDoesNotMatch"
    assert not decoder.complete


def test_bad_trailer_signature() -> None:
    proof, body, _ = signed_body(trailer=True)
    changed = body.replace(crc32(BIG).encode(), b"AAAAAA==")
    assert (
        refused(proof, changed, "SignatureDoesNotMatch")
        .details["StringToSign"]
        .startswith("AWS4-HMAC-SHA256-TRAILER\n")
    )
    head, _, _ = body.partition(b"x-amz-trailer-signature")
    refused(proof, head + b"\r\n", "IncompleteBody")
    refused(proof, head + b"\r\n\r\n", "IncompleteBody")


def test_signed_body_without_signatures() -> None:
    proof = chained(5)
    refused(proof, b"5\r\nhello\r\n0\r\n\r\n", "IncompleteBody")
    refused(unsigned(5), b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n", "IncompleteBody")


def test_signed_chunks_have_8_kib() -> None:
    proof = chained(8)
    error = refused(proof, hand_chunks(seed(proof), [b"abc", b"hello"]), "InvalidChunkSizeError")
    assert error.details == {"Chunk": "2", "BadChunkSize": "3"}
    assert decode(unsigned(8), b"3\r\nabc\r\n5\r\nhello\r\n0\r\n\r\n")[0] == b"abchello"


@pytest.mark.parametrize(
    "size", [b"-5", b"0x5", b"5_0", b" 5", b"5 ", b"", b"g", b"5;a", b"0" * 17, b"\xff", "٥".encode(), b"5\r"]
)  # fmt: skip
def test_sizes_are_hexadecimal(size: bytes) -> None:
    refused(unsigned(5), size + b"\r\nhello\r\n0\r\n\r\n", "IncompleteBody")


def test_lines_are_capped() -> None:
    decoder = ChunkedDecoder(unsigned(5))
    decoder.feed(b"0" * 200)
    with pytest.raises(S3Error, match="too long"):
        decoder.feed(b"0" * 100)
    with pytest.raises(S3Error, match="too long"):
        ChunkedDecoder(unsigned(5)).feed(b"0" * 100_000)


@pytest.mark.parametrize(
    ("length", "body"),
    [
        (4, b"5\r\n"),
        (4, b"ffffffffffffffff\r\n"),
        (6, b"5\r\nhello\r\n0\r\n"),
        (5, b"5\r\nhello0\r\n"),
        (5, b"5\nhello\r\n"),
        (5, b"5\r\nhello\n"),
        (5, b"5\r\nhello\r\n0\r\n\r\nmore"),
        (5, b"5\r\nhello\r\n0\r\n\r\nmore\r\n"),
        (5, b"5\r\nhello\r\n0\r\n\r\n\r\n\r\n"),
        (5, b"5\r\nhello\r\n0\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_what_was_declared_is_what_comes(length: int, body: bytes) -> None:
    refused(unsigned(length), body, "IncompleteBody")
    refused(unsigned(length), body, "IncompleteBody", step=1)


TRAILER = b"x-amz-checksum-crc32:AAAAAA==\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        b"\r\n",
        b"x-amz-checksum-crc32c:AAAAAA==\r\n\r\n",
        TRAILER + TRAILER + b"\r\n",
        TRAILER + b"x-amz-meta-a:b\r\n\r\n",
        TRAILER + b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n\r\n",
        b"x-amz-checksum-crc32\r\n\r\n",
        b": AAAA\r\n\r\n",
        b"x-amz-checksum-crc32:\xff\r\n\r\n",
        b"x-amz-checksum-crc32:a\x00b\r\n\r\n",
        b" x-amz-checksum-crc32:AAAAAA==\r\n\r\n",
    ],
)
def test_trailers_are_those_announced(lines: bytes) -> None:
    refused(unsigned(0, CRC32), b"0\r\n" + lines, "MalformedTrailerError")


def test_trailers_that_were_not_announced() -> None:
    refused(unsigned(0), b"0\r\n" + TRAILER + b"\r\n", "MalformedTrailerError")
    proof = chained(0)
    refused(proof, hand_chunks(seed(proof), [], {CRC32: "AAAAAA=="}), "MalformedTrailerError")


def test_trailers_are_capped() -> None:
    long = b"x-amz-checksum-crc32:" + b" " * 230
    refused(unsigned(0, CRC32), b"0\r\n" + long + b"A" * 50 + b"\r\n\r\n", "IncompleteBody")
    names = [f"x-amz-checksum-{number}" for number in range(30)]
    lines = b"".join(name.encode() + b":" + b" " * 200 + b"\r\n" for name in names)
    assert len(lines) > MAX_TRAILER_BYTES
    refused(unsigned(0, *names), b"0\r\n" + lines, "MalformedTrailerError")


def test_trailers_of_two_checksums() -> None:
    other = "x-amz-checksum-sha1"
    proof = chained(0, CRC32, other)
    body = hand_chunks(seed(proof), [], {CRC32: "AAAAAA==", other: "x"})
    assert decode(proof, body)[1].trailers == {CRC32: "AAAAAA==", other: "x"}


@pytest.mark.parametrize("step", [1, 1 << 20])
def test_minio_go_s_spelling_of_trailers(step: int) -> None:
    """minio-go ends the trailer with LF alone and adds an empty line."""
    assert decode(unsigned(0, CRC32), b"0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n", step)[1].complete
    proof, body, payload = signed_body(trailer=True)
    head, _, tail = body.partition(b"\r\nx-amz-trailer-signature")
    assert decode(proof, head + b"\n\r\nx-amz-trailer-signature" + tail, step)[0] == payload


def test_decoded_length() -> None:
    proof = VerifiedRequest("AK", False, Payload(PayloadMode.UNSIGNED_TRAILER))
    with pytest.raises(S3Error) as caught:
        ChunkedDecoder(proof)
    assert caught.value.code == "MissingContentLength"
    assert ChunkedDecoder(proof, 5).feed(b"5\r\nhello\r\n")[0] == b"hello"
    with pytest.raises(ValueError, match="not a streaming mode"):
        ChunkedDecoder(VerifiedRequest("AK", False, Payload(PayloadMode.UNSIGNED)))


def test_garbage_raises_nothing_but_s3_errors() -> None:
    rng = random.Random(11)
    words = [
        b"5",
        b"0",
        b"\r\n",
        b"\n",
        b"hello",
        b";chunk-signature=",
        b"0" * 64,
        TRAILER,
        b":",
        b"\xff",
        b"x-amz-",
    ]
    proofs = [unsigned(5), unsigned(5, CRC32), chained(5), chained(5, CRC32)]
    for _ in range(5000):
        body = b"".join(rng.choice(words) for _ in range(rng.randrange(14)))
        with suppress(S3Error):
            decode(rng.choice(proofs), body, rng.choice([1, 3, 1000]))
