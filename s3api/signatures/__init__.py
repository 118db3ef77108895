"""Signature Version 4 for S3: who sent a request, and that nobody changed it. No I/O, no framework, no SQL.

    claim = read_claim(method, raw_path, raw_query, headers, now_us)      # None: anonymous, see
    read_anonymous verified = claim.verify(secret_of(claim.access_key))
    decoder = ChunkedDecoder(verified) if verified.mode.streaming else None

Signature Version 2 and SigV4A (ECDSA) are refused with an error that says so.
"""

from s3api.signatures.aws_chunked import ChunkedDecoder
from s3api.signatures.form_signature import FormClaim, read_form_claim
from s3api.signatures.payload import Payload, PayloadMode, content_sha256_mismatch
from s3api.signatures.verification import Claim, Verified, read_anonymous, read_claim, read_service_claim

__all__ = [
    "ChunkedDecoder",
    "Claim",
    "FormClaim",
    "Payload",
    "PayloadMode",
    "Verified",
    "content_sha256_mismatch",
    "read_anonymous",
    "read_claim",
    "read_form_claim",
    "read_service_claim",
]
