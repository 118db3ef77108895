"""Verification of a request's signature, in two steps: `parse_signed_request`, then `SignedRequest.verify`.

Between the two, the gateway looks up the secret of the access key; neither does I/O. Everything that can be
refused without the secret is refused by `parse_signed_request`, before a byte of the body is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from s3api.errors import S3Error
from s3api.signatures import credentials
from s3api.signatures.canonical_request import (
    canonical_path,
    canonical_query,
    canonical_request,
    merge_headers,
    query_pairs,
    trim,
)
from s3api.signatures.credentials import Authorization
from s3api.signatures.payload import (
    CONTENT_SHA256,
    UNSIGNED_PAYLOAD,
    Payload,
    PayloadMode,
    bad_content_sha256,
    read_payload,
)
from s3api.signatures.signing import ALGORITHM, ChunkSigner, Scope, constant_time_equal, sign, signing_key

Headers = Sequence[tuple[bytes, bytes]]


class VerifiedRequest(NamedTuple):
    """A request with a correct signature, or an anonymous one (`access_key` None).

    `chunk_signer` is set in the signed streaming modes only, for `ChunkedDecoder`.
    """

    access_key: str | None
    presigned: bool
    payload: Payload
    chunk_signer: ChunkSigner | None = None

    @property
    def mode(self) -> PayloadMode:
        return self.payload.mode


class SignedRequest(NamedTuple):
    """A well-formed request within its time window that names an access key.

    Its signature is not verified yet. `canonical`: the canonical request.
    """

    access_key: str
    presigned: bool
    payload: Payload
    scope: Scope
    signature: bytes
    canonical: bytes

    def verify(self, secret: str) -> VerifiedRequest:
        """Verify the signature. Raises SignatureDoesNotMatch, which states the string to sign."""
        scope = self.scope
        key = signing_key(secret, scope.day, scope.region, scope.service)
        digest = sha256(self.canonical).hexdigest().encode()
        text = b"\n".join((ALGORITHM, scope.stamp, scope.text(), digest))
        if not constant_time_equal(sign(key, text), self.signature):
            raise signature_mismatch(self.access_key, text, self.signature, self.canonical)
        chunk_signer = (
            ChunkSigner(self.scope, self.signature, key, self.access_key)
            if self.payload.mode.signed_chunks
            else None
        )
        return VerifiedRequest(self.access_key, self.presigned, self.payload, chunk_signer)

    def unknown_key(self) -> S3Error:
        """Make the error to raise if the access key does not exist."""
        return unknown_key(self.access_key)


def parse_signed_request(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, now_us: int, region: str | None = None
) -> SignedRequest | None:
    """Parse the signature of a request; return None for an anonymous request.

    An empty Authorization header counts as anonymous (AWS answers AccessDenied, not a malformed header).
    `raw_path` and `raw_query`: undecoded, as received. `region`: the one to accept, None for any.

    Raises S3Error if anything is malformed, expired, skewed, unsupported, or not signed although it must be.
    """
    fields = merge_headers(headers)
    authorization = fields.get(b"authorization", b"").strip() or None
    presigned = credentials.is_presigned(raw_query, has_header=authorization is not None)
    if presigned:
        given = credentials.parse_presigned_query(raw_query, region)
        given.check_window(now_us // 1_000_000)
        refuse_session_token(given.token)
        parsed, query = given.authorization, given.canonical
        payload, payload_line = _presigned_payload(given.payload, fields, parsed.signed)
    elif authorization is not None:
        parsed = credentials.parse_authorization_header(authorization, fields, now_us // 1_000_000, region)
        refuse_session_token(fields.get(b"x-amz-security-token"))
        query = canonical_query(query_pairs(raw_query))
        payload, payload_line = _payload(fields)
    else:
        return None
    _check_signed(fields, parsed)
    canonical = canonical_request(
        method, canonical_path(raw_path), query, fields, parsed.signed, payload_line
    )
    return SignedRequest(parsed.access_key, presigned, payload, parsed.scope, parsed.signature, canonical)


def parse_service_request(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, body: bytes, now_us: int, service: bytes
) -> SignedRequest | None:
    """Parse the signature of a request to a query API such as IAM; return None without Authorization header.

    The payload hash is computed from `body`, which is the whole form. Presigned URLs are not supported here.
    Raises S3Error, like `parse_signed_request`.
    """
    fields = merge_headers(headers)
    authorization = fields.get(b"authorization")
    if authorization is None:
        return None
    parsed = credentials.parse_authorization_header(authorization, fields, now_us // 1_000_000, None, service)
    _check_signed(fields, parsed)
    digest = sha256(body).hexdigest()
    canonical = canonical_request(
        method,
        canonical_path(raw_path),
        canonical_query(query_pairs(raw_query)),
        fields,
        parsed.signed,
        digest.encode(),
    )
    payload = Payload(PayloadMode.DIGEST, digest)
    return SignedRequest(parsed.access_key, False, payload, parsed.scope, parsed.signature, canonical)


def parse_anonymous_request(headers: Headers) -> VerifiedRequest:
    """Parse the payload headers of a request without a signature.

    Raises S3Error InvalidRequest for a signed streaming mode, and the errors of `read_payload`.
    """
    fields = merge_headers(headers)
    payload = read_payload(trim(fields.get(CONTENT_SHA256, UNSIGNED_PAYLOAD)), fields)
    if payload.mode.signed_chunks:
        raise S3Error(
            "InvalidRequest",
            "Anonymous requests don't support this x-amz-content-sha256 value. "
            "Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
        )
    return VerifiedRequest(None, False, payload)


def unknown_key(access_key: str) -> S3Error:
    return S3Error(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        AWSAccessKeyId=access_key,
    )


def refuse_session_token(token: bytes | str | None) -> None:
    """Raise InvalidToken for a session token. All key pairs of this store are long-term, without tokens."""
    if token and token.strip():
        raise S3Error("InvalidToken")


def signature_mismatch(
    access_key: str, text: bytes, provided: bytes, canonical: bytes | None = None
) -> S3Error:
    """Make a SignatureDoesNotMatch error with S3's elements. `text`: the string to sign; `canonical`: the
    canonical request, None for a chunk, which has none.
    """
    details = {
        "AWSAccessKeyId": access_key,
        "StringToSign": text.decode("utf-8", "replace"),
        "SignatureProvided": provided.decode("utf-8", "replace"),
        "StringToSignBytes": text.hex(" "),
    }
    if canonical is not None:
        details["CanonicalRequest"] = canonical.decode("utf-8", "replace")
        details["CanonicalRequestBytes"] = canonical.hex(" ")
    return S3Error(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        **details,
    )


def _payload(fields: dict[bytes, bytes]) -> tuple[Payload, bytes]:
    """Parse x-amz-content-sha256; return the payload and the header's value for the canonical request."""
    line = trim(fields.get(CONTENT_SHA256, b""))
    if not line:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    return read_payload(line, fields), line


def _presigned_payload(
    in_query: bytes | None, fields: dict[bytes, bytes], signed: Sequence[bytes]
) -> tuple[Payload, bytes]:
    """Parse the payload hash of a presigned URL; return the payload and the value for the canonical request.

    A header that was not signed may narrow UNSIGNED-PAYLOAD to a digest, and nothing else.
    """
    header = trim(fields[CONTENT_SHA256]) if CONTENT_SHA256 in fields else None
    line = in_query or (header if CONTENT_SHA256 in signed else None) or UNSIGNED_PAYLOAD
    payload = read_payload(line, fields)
    if payload.mode.signed_chunks:
        raise S3Error("InvalidRequest", "The value of x-amz-content-sha256 header is invalid.")
    if header is None or header == line:
        return payload, line
    stated = read_payload(header, fields)
    narrower = payload.mode is PayloadMode.UNSIGNED and stated.mode is PayloadMode.DIGEST
    if not narrower and stated != payload:
        raise bad_content_sha256(header)
    return stated, line


def _check_signed(fields: dict[bytes, bytes], parsed: Authorization) -> None:
    """Raise AccessDenied unless Host and each x-amz-* header of the request is a signed header.

    x-amz-content-sha256 needs no mention: the canonical request ends with it.
    """
    missing = [
        name
        for name in fields
        if name.startswith(b"x-amz-") and name not in parsed.signed and name != CONTENT_SHA256
    ]
    if b"host" not in parsed.signed:
        missing.append(b"host")
    if missing:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(name.decode("utf-8", "replace") for name in sorted(missing)),
        )
