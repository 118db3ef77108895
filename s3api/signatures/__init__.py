"""Signature Version 4 (SigV4) for S3: authenticates the sender of a request and detects changes to it.

    signed = parse_signed_request(method, raw_path, raw_query, headers, now_us)
    if signed is None:
        verified = parse_anonymous_request(headers)
    else:
        verified = signed.verify(secret_of(signed.access_key))
    decoder = ChunkedDecoder(verified) if verified.mode.streaming else None

The modules, in the order in which a request passes them:

- `credentials`: parses the Authorization header, the query of a presigned URL, or a form's credential
- `payload`: parses x-amz-content-sha256 (the payload hash) and the headers of aws-chunked bodies
- `canonical_request`: builds the canonical request
- `verification`: builds the string to sign and compares the signatures
- `signing`: derives the signing key, and computes signatures
- `aws_chunked`: decodes aws-chunked bodies and verifies the signature of each chunk

Signature Version 2 and SigV4A (ECDSA) are refused with an error that names them. No I/O.
"""

from s3api.signatures.aws_chunked import ChunkedDecoder
from s3api.signatures.form_signature import FormSignature, parse_form_signature
from s3api.signatures.payload import Payload, PayloadMode, content_sha256_mismatch
from s3api.signatures.verification import (
    SignedRequest,
    VerifiedRequest,
    parse_anonymous_request,
    parse_service_request,
    parse_signed_request,
)

__all__ = [
    "ChunkedDecoder",
    "FormSignature",
    "Payload",
    "PayloadMode",
    "SignedRequest",
    "VerifiedRequest",
    "content_sha256_mismatch",
    "parse_anonymous_request",
    "parse_form_signature",
    "parse_service_request",
    "parse_signed_request",
]
