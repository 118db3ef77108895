"""Signature of a browser upload form (POST): it signs the form's policy and is in the form's fields.

Two versions are accepted: Signature Version 4 (x-amz-algorithm, x-amz-credential, x-amz-date,
x-amz-signature) and Version 2 (AWSAccessKeyId, signature: HMAC-SHA1 of the policy), which many sites still
use. In a form both prove the same: the owner of the secret key wrote this policy, which lists the permitted
fields and expires. Version 2 is refused in all other requests.
Sources: S3 API reference, "Authenticating requests: browser-based uploads using POST" and "Browser-based
uploads using POST (AWS Signature Version 2)".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from s3api.errors import S3Error
from s3api.signatures.credentials import parse_form_credential
from s3api.signatures.signing import ALGORITHM, constant_time_equal, sign, signing_key
from s3api.signatures.verification import refuse_session_token, signature_mismatch, unknown_key

V4_FIELDS = ("x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm")
V2_FIELDS = ("signature", "awsaccesskeyid")
_NAMES = {
    "x-amz-signature": "X-Amz-Signature",
    "x-amz-credential": "X-Amz-Credential",
    "x-amz-date": "X-Amz-Date",
    "x-amz-algorithm": "X-Amz-Algorithm",
    "signature": "Signature",
    "awsaccesskeyid": "AWSAccessKeyId",
    "policy": "Policy",
}


@dataclass(frozen=True, slots=True)
class FormSignature:
    """Parsed signature of a form, not yet verified. `day`: b"" for Signature Version 2."""

    access_key: str
    policy: bytes
    signature: bytes
    day: bytes = b""
    region: bytes = b""

    def unknown_key(self) -> S3Error:
        """Make the error for an unknown access key."""
        return unknown_key(self.access_key)

    def verify(self, secret: str) -> None:
        """Verify the signature. Raises S3Error SignatureDoesNotMatch."""
        if self.day:
            wanted = sign(signing_key(secret, self.day, self.region), self.policy)
        else:
            wanted = base64.b64encode(hmac.digest(secret.encode(), self.policy, "sha1"))
        if not constant_time_equal(wanted, self.signature):
            raise signature_mismatch(self.access_key, self.policy, self.signature)


def parse_form_signature(fields: Mapping[str, str]) -> FormSignature | None:
    """Parse the signature of a form; None for an anonymous form. `fields` by lower-case name. Raises S3Error
    InvalidArgument, AuthorizationHeaderMalformed and others."""
    given = [name for name in (*V4_FIELDS, *V2_FIELDS, "policy") if name in fields]
    if not given:
        return None
    version_2 = "awsaccesskeyid" in fields or "signature" in fields
    if version_2 and any(name in fields for name in V4_FIELDS):
        raise S3Error("InvalidArgument", "Only one auth mechanism allowed", ArgumentName="X-Amz-Algorithm")
    for name in (*(V2_FIELDS if version_2 else V4_FIELDS), "policy"):
        if not fields.get(name):
            raise _missing(_NAMES[name])
    refuse_session_token(fields.get("x-amz-security-token"))
    policy = fields["policy"].encode("ascii", "replace")
    if version_2:
        return FormSignature(fields["awsaccesskeyid"], policy, _ascii(fields["signature"]))
    if fields["x-amz-algorithm"] != ALGORITHM.decode():
        raise S3Error(
            "InvalidArgument",
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
            ArgumentName="x-amz-algorithm",
            ArgumentValue=fields["x-amz-algorithm"],
        )
    access_key, day, region = parse_form_credential(
        _ascii(fields["x-amz-credential"]), _ascii(fields["x-amz-date"])
    )
    return FormSignature(access_key, policy, _ascii(fields["x-amz-signature"]), day, region)


def _missing(name: str) -> S3Error:
    return S3Error(
        "InvalidArgument",
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of "
        "the fields.",
        ArgumentName=name,
        ArgumentValue="",
    )


def _ascii(text: str) -> bytes:
    """Encode as ASCII. Other characters become "?", which matches no signature and no key."""
    return text.strip().encode("ascii", "replace")
