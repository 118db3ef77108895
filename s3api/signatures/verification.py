"""Who says that they sent this request, and the proof: `read_claim`, then `Claim.verify` with the secret of
that access key.

Between the two the caller looks up the secret; neither does I/O. Everything that can be refused without the
secret is refused by `read_claim`, before a byte of the body is read.
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
    join_headers,
    query_pairs,
    trim,
)
from s3api.signatures.credentials import Terms
from s3api.signatures.payload import (
    CONTENT_SHA256,
    UNSIGNED_PAYLOAD,
    Payload,
    PayloadMode,
    bad_content_sha256,
    read_payload,
)
from s3api.signatures.signing import ALGORITHM, Chain, Scope, same, sign, signing_key

Headers = Sequence[tuple[bytes, bytes]]


class Verified(NamedTuple):
    """A request that is what its signer signed. `access_key` is None for an anonymous one.

    `chain` is there for the signed streaming modes alone; `ChunkedDecoder` needs it.
    """

    access_key: str | None
    presigned: bool
    payload: Payload
    chain: Chain | None = None

    @property
    def mode(self) -> PayloadMode:
        return self.payload.mode


class Claim(NamedTuple):
    """A well-formed, timely request that names an access key; nothing is proved yet."""

    access_key: str
    presigned: bool
    payload: Payload
    scope: Scope
    signature: bytes
    canonical: bytes

    def verify(self, secret: str) -> Verified:
        """Raises SignatureDoesNotMatch, with what was to be signed."""
        scope = self.scope
        key = signing_key(secret, scope.day, scope.region, scope.service)
        digest = sha256(self.canonical).hexdigest().encode()
        text = b"\n".join((ALGORITHM, scope.stamp, scope.text(), digest))
        if not same(sign(key, text), self.signature):
            raise signature_mismatch(self.access_key, text, self.signature, self.canonical)
        chain = (
            Chain(self.scope, self.signature, key, self.access_key)
            if self.payload.mode.signed_chunks
            else None
        )
        return Verified(self.access_key, self.presigned, self.payload, chain)

    def unknown_key(self) -> S3Error:
        """What to raise when there is no such access key."""
        return unknown_key(self.access_key)


def read_claim(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, now_us: int, region: str | None = None
) -> Claim | None:
    """None for an anonymous request, as one with an empty Authorization header is (AWS: AccessDenied, not a
    malformed header). `raw_path` and `raw_query` as they came off the wire; `region` None takes any.

    Raises S3Error for whatever is malformed, expired, skewed, unsigned where it must be signed, or
    unsupported.
    """
    fields = join_headers(headers)
    authorization = fields.get(b"authorization", b"").strip() or None
    presigned = credentials.in_query(raw_query, has_header=authorization is not None)
    if presigned:
        given = credentials.from_query(raw_query, region)
        given.check_window(now_us // 1_000_000)
        refuse_token(given.token)
        terms, query = given.terms, given.canonical
        payload, payload_line = _presigned_payload(given.payload, fields, terms.signed)
    elif authorization is not None:
        terms = credentials.from_header(authorization, fields, now_us // 1_000_000, region)
        refuse_token(fields.get(b"x-amz-security-token"))
        query = canonical_query(query_pairs(raw_query))
        payload, payload_line = _payload(fields)
    else:
        return None
    _check_signed(fields, terms)
    canonical = canonical_request(method, canonical_path(raw_path), query, fields, terms.signed, payload_line)
    return Claim(terms.access_key, presigned, payload, terms.scope, terms.signature, canonical)


def read_service_claim(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, body: bytes, now_us: int, service: bytes
) -> Claim | None:
    """As `read_claim`, for a service whose requests are forms, read before they are verified: what is signed
    is the body's own digest, and the signature stands in the header.
    """
    fields = join_headers(headers)
    authorization = fields.get(b"authorization")
    if authorization is None:
        return None
    terms = credentials.from_header(authorization, fields, now_us // 1_000_000, None, service)
    _check_signed(fields, terms)
    digest = sha256(body).hexdigest()
    canonical = canonical_request(
        method,
        canonical_path(raw_path),
        canonical_query(query_pairs(raw_query)),
        fields,
        terms.signed,
        digest.encode(),
    )
    payload = Payload(PayloadMode.DIGEST, digest)
    return Claim(terms.access_key, False, payload, terms.scope, terms.signature, canonical)


def read_anonymous(headers: Headers) -> Verified:
    """The payload of a request for which `read_claim` gave None. Raises as x-amz-content-sha256 deserves."""
    fields = join_headers(headers)
    payload = read_payload(trim(fields.get(CONTENT_SHA256, UNSIGNED_PAYLOAD)), fields)
    if payload.mode.signed_chunks:
        raise S3Error(
            "InvalidRequest",
            "Anonymous requests don't support this x-amz-content-sha256 value. "
            "Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
        )
    return Verified(None, False, payload)


def unknown_key(access_key: str) -> S3Error:
    return S3Error(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        AWSAccessKeyId=access_key,
    )


def refuse_token(token: bytes | str | None) -> None:
    """Raise InvalidToken for a session's token: all keys here are long-term ones, which have none."""
    if token and token.strip():
        raise S3Error("InvalidToken")


def signature_mismatch(
    access_key: str, text: bytes, provided: bytes, canonical: bytes | None = None
) -> S3Error:
    """SignatureDoesNotMatch with S3's elements; a chunk's has no canonical request."""
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
    """The payload, and its line in the canonical request: the header's value, which is thereby signed."""
    line = trim(fields.get(CONTENT_SHA256, b""))
    if not line:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    return read_payload(line, fields), line


def _presigned_payload(
    in_query: bytes | None, fields: dict[bytes, bytes], signed: Sequence[bytes]
) -> tuple[Payload, bytes]:
    """As `_payload`. A header that was not signed may narrow UNSIGNED-PAYLOAD to a digest, and do nothing
    else."""
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


def _check_signed(fields: dict[bytes, bytes], terms: Terms) -> None:
    """Every x-amz-* header that is there is signed, and host; x-amz-content-sha256 is bound by the payload's
    own line."""
    missing = [
        name
        for name in fields
        if name.startswith(b"x-amz-") and name not in terms.signed and name != CONTENT_SHA256
    ]
    if b"host" not in terms.signed:
        missing.append(b"host")
    if missing:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(name.decode("utf-8", "replace") for name in sorted(missing)),
        )
