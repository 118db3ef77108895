"""The signature of a browser's upload form: over the form's policy, in the form's fields.

Signature Version 4 (x-amz-algorithm, x-amz-credential, x-amz-date, x-amz-signature), and the older one
(AWSAccessKeyId, signature: HMAC-SHA1 of the policy), which forms of many sites still carry: here it proves
the same as the newer one, that the signer has the secret and wrote this policy, which names all that the form
may hold and its own end. Requests signed so are refused elsewhere.
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
    """A form that names an access key; nothing is proved yet. `day` b"" means the older signature."""

    access_key: str
    policy: bytes
    signature: bytes
    day: bytes = b""
    region: bytes = b""

    def unknown_key(self) -> S3Error:
        """What to raise when there is no such access key."""
        return unknown_key(self.access_key)

    def verify(self, secret: str) -> None:
        """Raises S3Error SignatureDoesNotMatch."""
        if self.day:
            wanted = sign(signing_key(secret, self.day, self.region), self.policy)
        else:
            wanted = base64.b64encode(hmac.digest(secret.encode(), self.policy, "sha1"))
        if not constant_time_equal(wanted, self.signature):
            raise signature_mismatch(self.access_key, self.policy, self.signature)


def parse_form_signature(fields: Mapping[str, str]) -> FormSignature | None:
    """None for an anonymous form. `fields` by lower-case name. Raises S3Error InvalidArgument and its
    like."""
    given = [name for name in (*V4_FIELDS, *V2_FIELDS, "policy") if name in fields]
    if not given:
        return None
    old = "awsaccesskeyid" in fields or "signature" in fields
    if old and any(name in fields for name in V4_FIELDS):
        raise S3Error("InvalidArgument", "Only one auth mechanism allowed", ArgumentName="X-Amz-Algorithm")
    for name in (*(V2_FIELDS if old else V4_FIELDS), "policy"):
        if not fields.get(name):
            raise _missing(_NAMES[name])
    refuse_session_token(fields.get("x-amz-security-token"))
    policy = fields["policy"].encode("ascii", "replace")
    if old:
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
    """What is not ASCII equals no signature and names no key."""
    return text.strip().encode("ascii", "replace")
