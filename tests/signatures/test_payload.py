"""Payload headers, x-amz-content-sha256 and those of the streaming modes: valid values and signatures."""

from __future__ import annotations

from s3api.signatures import PayloadMode, content_sha256_mismatch

from .signer import (
    EMPTY,
    URL,
    claim,
    header,
    query_changed,
    refused,
    signed,
    verified,
    with_header,
)


def test_content_sha256_of_a_header_signed_request() -> None:
    body = signed("PUT", URL, body=b"hello")
    assert verified(body).payload.sha256 == header(body, b"x-amz-content-sha256").decode()
    unsigned = verified(signed("PUT", URL, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}))
    assert (unsigned.mode, unsigned.payload.sha256) == (PayloadMode.UNSIGNED, None)
    missing = (*body[:3], [(n, v) for n, v in body[3] if n != b"x-amz-content-sha256"])
    assert "Missing required header" in (refused(missing, "InvalidRequest").message or "")
    for bad in (b"unsigned-payload", b"0" * 63, b"g" * 64, b"STREAMING-NONSENSE", b"\xff"):
        error = refused(with_header(body, b"x-amz-content-sha256", bad), "InvalidArgument")
        assert (error.message or "").startswith("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-")
        assert error.details["ArgumentName"] == "x-amz-content-sha256"
    for ecdsa in (
        b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    ):
        refused(with_header(body, b"x-amz-content-sha256", ecdsa), "NotImplemented")


STREAMING = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "5",
    "x-amz-trailer": "x-amz-checksum-crc32",
}


def test_streaming_headers() -> None:
    payload = verified(signed("PUT", URL, STREAMING)).payload
    assert (payload.decoded_length, payload.trailers) == (5, ("x-amz-checksum-crc32",))
    for length in ("", "-1", "+5", "5_0", "0x5", "5.0", "9" * 17):
        refused(
            signed("PUT", URL, STREAMING | {"x-amz-decoded-content-length": length}), "MissingContentLength"
        )
    for trailer in (
        "x-amz-meta-a",
        "x-amz-checksum-crc16",
        "x-amz-checksum-crc32,x-amz-checksum-crc32",
        "host",
    ):
        refused(signed("PUT", URL, STREAMING | {"x-amz-trailer": trailer}), "InvalidRequest")
    refused(signed("PUT", URL, {"x-amz-trailer": "x-amz-checksum-crc32"}), "InvalidRequest")
    signed_mode = STREAMING | {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    refused(signed("PUT", URL, signed_mode), "InvalidRequest")


def test_unsigned_trailers_with_a_bad_signature_are_refused() -> None:
    request = signed("PUT", URL, STREAMING)
    value = header(request, b"authorization")
    forged = value[:-1] + (b"0" if value[-1:] != b"0" else b"1")
    refused(with_header(request, b"authorization", forged), "SignatureDoesNotMatch")
    refused(
        with_header(request, b"authorization", value[: value.rindex(b"=") + 1] + b"0" * 64),
        "SignatureDoesNotMatch",
    )
    refused(with_header(request, b"x-amz-decoded-content-length", b"6"), "SignatureDoesNotMatch")


def test_streaming_modes_in_presigned_requests() -> None:
    """A streaming mode must be signed, its signature is verified, and signed chunks are refused."""
    proof = verified(signed("PUT", URL, STREAMING, expires=60))
    assert (proof.mode, proof.presigned) == (PayloadMode.UNSIGNED_TRAILER, True)
    request = signed("PUT", URL, STREAMING, expires=60)
    signature = request[2].rpartition(b"=")[2]
    refused(query_changed(request, signature, b"0" * 64), "SignatureDoesNotMatch")
    plain = signed("PUT", URL, expires=60)
    plain[3].append((b"x-amz-content-sha256", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
    refused(plain, "MissingContentLength")
    plain[3].append((b"x-amz-decoded-content-length", b"5"))
    refused(plain, "InvalidArgument")
    chunks = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": "5",
    }
    refused(signed("PUT", URL, chunks, expires=60), "InvalidRequest")


def test_content_sha256_of_a_presigned_request() -> None:
    """Without the header: unsigned. A signed header counts; an unsigned one may only be a digest."""
    assert verified(signed("PUT", URL, expires=60)).mode is PayloadMode.UNSIGNED
    request = signed("PUT", URL, expires=60)
    request[3].append((b"x-amz-content-sha256", EMPTY.encode()))
    assert verified(request).payload.sha256 == EMPTY
    assert verified(signed("PUT", URL, {"x-amz-content-sha256": EMPTY}, expires=60)).payload.sha256 == EMPTY


def test_content_sha256_in_the_query() -> None:
    request = signed("PUT", f"{URL}?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", expires=60)
    assert verified(request).mode is PayloadMode.UNSIGNED
    digest = query_changed(request, b"Sha256=UNSIGNED-PAYLOAD", b"Sha256=" + EMPTY.encode())
    assert claim(digest).payload.sha256 == EMPTY
    refused(digest, "SignatureDoesNotMatch")
    digest[3].append((b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"))
    refused(digest, "InvalidArgument")


def test_content_sha256_mismatch() -> None:
    error = content_sha256_mismatch("aa", "bb")
    assert error.code == "XAmzContentSHA256Mismatch"
    assert error.details == {"ClientComputedContentSHA256": "aa", "S3ComputedContentSHA256": "bb"}
