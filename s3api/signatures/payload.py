"""Payload headers of a request: x-amz-content-sha256, and those of aws-chunked bodies."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from s3api.checksums import BY_HEADER
from s3api.errors import S3Error
from s3api.signatures.canonical_request import trim

CONTENT_SHA256 = b"x-amz-content-sha256"
UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"
_HEX_DIGEST = re.compile(rb"[0-9a-fA-F]{64}")
_DECIMAL = re.compile(rb"[0-9]{1,16}")
_MAX_TRAILERS = 16


class PayloadMode(Enum):
    """Encoding of the body and how its integrity is verified: the values of x-amz-content-sha256."""

    DIGEST = "hex"
    UNSIGNED = "UNSIGNED-PAYLOAD"
    UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"

    streaming: bool
    """The body is aws-chunked, to be decoded by a ChunkedDecoder."""
    signed_chunks: bool
    has_trailer: bool

    def __init__(self, value: str) -> None:
        # Read several times per request, hence attributes and not properties.
        self.streaming = value.startswith("STREAMING-")
        self.signed_chunks = value.startswith("STREAMING-AWS4-")
        self.has_trailer = value.endswith("-TRAILER")


_STREAMING = frozenset(mode for mode in PayloadMode if mode.streaming)
_BY_VALUE = {mode.value.encode(): mode for mode in PayloadMode if mode is not PayloadMode.DIGEST}
_ECDSA = {b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"}


class Payload(NamedTuple):
    """Parsed payload headers. `sha256`: lower-case hex digest that the body must have, or None.
    `decoded_length`: bytes that an aws-chunked body must decode to (None in the other modes). `trailers`:
    names that x-amz-trailer announces, lower case."""

    mode: PayloadMode
    sha256: str | None = None
    decoded_length: int | None = None
    trailers: tuple[str, ...] = ()


_UNSIGNED = Payload(PayloadMode.UNSIGNED)


def read_payload(value: bytes, fields: dict[bytes, bytes]) -> Payload:
    """Parse the payload headers. `value`: that of x-amz-content-sha256.

    Raises InvalidArgument, NotImplemented, InvalidRequest, MissingContentLength.
    """
    mode = _BY_VALUE.get(value)
    if mode is not None and mode.streaming:
        return Payload(mode, None, _decoded_length(fields), _trailers(mode, fields))
    if b"x-amz-trailer" in fields:
        raise _unsupported_trailer()
    if mode is not None:
        return _UNSIGNED
    if _HEX_DIGEST.fullmatch(value):
        return Payload(PayloadMode.DIGEST, value.decode().lower())
    if value in _ECDSA:
        raise S3Error("NotImplemented", f"x-amz-content-sha256: {value.decode()} is not supported.")
    raise bad_content_sha256(value)


def bad_content_sha256(value: bytes) -> S3Error:
    modes = ", ".join([UNSIGNED_PAYLOAD.decode(), *sorted(m.value for m in _STREAMING)])
    return S3Error(
        "InvalidArgument",
        f"x-amz-content-sha256 must be {modes} or a valid sha256 value.",
        ArgumentName="x-amz-content-sha256",
        ArgumentValue=value.decode("utf-8", "replace"),
    )


def content_sha256_mismatch(claimed: str, computed: str) -> S3Error:
    """Make the error for a body whose digest is not the signed one. Both digests are in hex."""
    return S3Error(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ClientComputedContentSHA256=claimed,
        S3ComputedContentSHA256=computed,
    )


def _decoded_length(fields: dict[bytes, bytes]) -> int:
    value = fields.get(b"x-amz-decoded-content-length", b"").strip()
    if not _DECIMAL.fullmatch(value):
        raise S3Error(
            "MissingContentLength", "You must provide the x-amz-decoded-content-length HTTP header."
        )
    return int(value)


def _trailers(mode: PayloadMode, fields: dict[bytes, bytes]) -> tuple[str, ...]:
    value = fields.get(b"x-amz-trailer")
    if value is None:
        return ()
    names = tuple(name.strip().lower() for name in trim(value).decode("latin-1").split(",") if name.strip())
    known = (
        len(names) <= _MAX_TRAILERS and len(set(names)) == len(names) and all(n in BY_HEADER for n in names)
    )
    if not (mode.has_trailer and known):
        raise _unsupported_trailer()
    return names


def _unsupported_trailer() -> S3Error:
    return S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
