"""Server-side encryption: choose the encryption of a new object, unwrap the data key of a stored one.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html. Error codes and messages are
AWS's. Unlike on AWS, an object is stored unencrypted unless the request or its bucket asks for encryption
(the setting `encrypt_by_default` makes it SSE-S3), and its answers then have no encryption headers. A copy of
an encrypted object is always encrypted. DSSE-KMS (aws:kms:dsse) is not implemented (501).

The cost for a plain object in a plain bucket: one look at the inputs, one at the bucket's settings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from metadata.records import Extras, Upload
from s3api.crypto import ContentKey, Tampered
from s3api.crypto.envelope import Envelope, Mode, read_envelope
from s3api.crypto.segments import KEY_BYTES
from s3api.errors import S3Error
from s3api.kms import EncryptionRequest
from s3api.operations.call import Call, Output

CUSTOMER_KEY_INPUTS = frozenset({"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"})
MANAGED_KEY_INPUTS = frozenset(
    {"ServerSideEncryption", "SSEKMSKeyId", "SSEKMSEncryptionContext", "BucketKeyEnabled"}
)
ENCRYPTION_INPUTS = CUSTOMER_KEY_INPUTS | MANAGED_KEY_INPUTS
COPY_SOURCE = "CopySource"
Document = Mapping[str, Any]
_HEADER = "x-amz-server-side-encryption"
_CUSTOMER_KEYS = "Requests specifying Server Side Encryption with Customer provided keys must"
_NO_KEY = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to"
    " retrieve the object."
)
_OTHER_PARTS = (
    "The multipart upload initiate requested encryption. Subsequent part requests must include the"
    " appropriate encryption parameters."
)


@dataclass(frozen=True, slots=True)
class Encryption:
    """A data key and its envelope: the encryption of a new object, part or copy."""

    key: ContentKey
    envelope: Envelope
    customer_md5: str | None = None
    asked_context: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The envelope as it is stored in the object's record (`Extras.encryption`)."""
        return self.envelope.document()

    def etag(self, md5: bytes) -> str:
        """Return the ETag of content with this MD5."""
        return md5.hex() if self.envelope.has_md5_etag else self.key.etag(md5)

    def members(self) -> Output:
        """Return the encryption members that PutObject, CopyObject and CreateMultipartUpload answer."""
        out = encryption_members(self.envelope, self.customer_md5)
        if self.asked_context:
            out["SSEKMSEncryptionContext"] = self.asked_context
        return out


# --- writing --------------------------------------------------------------------------------------


async def choose_encryption(
    call: Call,
    bucket: str,
    key: str,
    inputs: Mapping[str, Any],
    *,
    content: ContentKey | None = None,
    always: bool = False,
) -> Encryption | None:
    """Return the encryption of a new object, None for plain bytes.

    `content`: a data key to keep instead of a new one. `always`: SSE-S3 if neither the request nor the bucket
    asks for encryption. Raises S3Error.
    """
    asked = not ENCRYPTION_INPUTS.isdisjoint(inputs)
    rule = default_rule(call)
    if not (asked or rule or always or call.data_keys.by_default):
        return None
    request = parse_encryption_request(bucket, key, inputs, rule, always=always or call.data_keys.by_default)
    if request is None:
        return None
    if request.mode is Mode.CUSTOMER:
        _check_customer_keys(call, rule)
    made, envelope = await call.data_keys.wrap(request, content)
    return Encryption(made, envelope, inputs.get("SSECustomerKeyMD5"), inputs.get("SSEKMSEncryptionContext"))


def default_rule(call: Call) -> Mapping[str, Any] | None:
    """Return the rule of the bucket's default encryption (PutBucketEncryption), None if it has none."""
    document = call.settings.get("Encryption")
    if not document:
        return None
    rules = document.get("Rules") or [{}]
    rule: Mapping[str, Any] = rules[0]
    return rule


def parse_encryption_request(
    bucket: str, key: str, inputs: Mapping[str, Any], rule: Mapping[str, Any] | None, *, always: bool
) -> EncryptionRequest | None:
    """Return the encryption that the request, or else the bucket's default, asks for. A pure function.

    Raises S3Error InvalidArgument, InvalidEncryptionAlgorithmError, NotImplemented.
    """
    rule = rule or {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    method = inputs.get("ServerSideEncryption")
    if method is not None and not CUSTOMER_KEY_INPUTS.isdisjoint(inputs):
        message = (
            "Server Side Encryption with Customer provided key is incompatible with the encryption method"
        )
        raise _invalid_argument(f"{message} specified", method)
    if customer := parse_customer_key(inputs):
        return EncryptionRequest(Mode.CUSTOMER, customer_key=customer)
    key_id = inputs.get("SSEKMSKeyId") or None
    context = inputs.get("SSEKMSEncryptionContext")
    if method != "aws:kms" and (key_id or context):
        raise _invalid_argument(
            f"Server Side Encryption with AWS KMS managed key requires HTTP header {_HEADER} : aws:kms",
            method,
        )
    if method is None:
        method, key_id = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
    if method is None and always:
        method = "AES256"
    if method is None:
        return None
    if method.upper() == "AES256":
        return EncryptionRequest(Mode.S3)
    _check_method(method)
    asked_bucket_key = inputs.get("BucketKeyEnabled")
    return EncryptionRequest(
        Mode.KMS,
        arn=f"arn:aws:s3:::{bucket}/{key}",
        bucket_arn=f"arn:aws:s3:::{bucket}",
        key=key_id,
        context=_parse_context(context) if context else {},
        bucket_key=bool(rule.get("BucketKeyEnabled") if asked_bucket_key is None else asked_bucket_key),
    )


def parse_customer_key(inputs: Mapping[str, Any], prefix: str = "") -> bytes | None:
    """Return the SSE-C key of the request, None if it has none.

    `prefix`: "CopySource" for the source's key.

    Raises S3Error InvalidArgument, InvalidEncryptionAlgorithmError.
    """
    algorithm, key, md5 = (inputs.get(prefix + name) for name in _CUSTOMER_MEMBERS)
    if algorithm is None and key is None and md5 is None:
        return None
    if algorithm is None:
        raise _invalid_argument(f"{_CUSTOMER_KEYS} provide a valid encryption algorithm.", None)
    if algorithm != "AES256":
        message = "The Encryption request you specified is not valid. Supported value: AES256."
        raise S3Error(
            "InvalidEncryptionAlgorithmError", message, ArgumentName=_HEADER, ArgumentValue=algorithm
        )
    if not key:
        raise _invalid_argument(f"{_CUSTOMER_KEYS} provide an appropriate secret key.", None)
    if not md5:
        raise _invalid_argument(
            f"{_CUSTOMER_KEYS} provide the client calculated MD5 of the secret key.", None
        )
    try:
        secret = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid_argument("The secret key was invalid for the specified algorithm.", None) from None
    digest = base64.b64encode(hashlib.md5(secret, usedforsecurity=False).digest()).decode()
    if not hmac.compare_digest(digest.encode(), md5.encode()):
        raise _invalid_argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.", None
        )
    if len(secret) != KEY_BYTES:
        raise _invalid_argument("The secret key was invalid for the specified algorithm.", None)
    return secret


# --- reading --------------------------------------------------------------------------------------


async def unwrap_key(
    call: Call, encryption: Document | None, inputs: Mapping[str, Any], prefix: str = ""
) -> ContentKey | None:
    """Return the data key of a stored object, None if it is not encrypted.

    Raises S3Error InvalidRequest, AccessDenied (the SSE-C key is missing, not applicable or another), KMS.*.
    """
    if encryption is None and CUSTOMER_KEY_INPUTS.isdisjoint(inputs) and not prefix:
        return None
    envelope = read_envelope(encryption) if encryption else None
    return await _unwrap(call, envelope, _require_customer_key(call, envelope, inputs, prefix))


async def check_customer_key(call: Call, encryption: Document | None, inputs: Mapping[str, Any]) -> None:
    """Verify the SSE-C key of a HEAD request. Never contacts KMS.

    Raises S3Error as `unwrap_key` does.
    """
    if encryption is None and CUSTOMER_KEY_INPUTS.isdisjoint(inputs):
        return
    envelope = read_envelope(encryption) if encryption else None
    stated = _require_customer_key(call, envelope, inputs, "")
    if stated:
        await _unwrap(call, envelope, stated)


async def load_upload_encryption(
    call: Call, encryption: Document | None, inputs: Mapping[str, Any]
) -> Encryption | None:
    """Return the encryption of an upload, for one of its parts; None if it is not encrypted.

    Raises S3Error InvalidRequest if the part's SSE-C key is not the upload's.
    """
    if encryption is None and CUSTOMER_KEY_INPUTS.isdisjoint(inputs):
        return None
    envelope = read_envelope(encryption) if encryption else None
    stated = parse_customer_key(inputs)
    if (stated is not None) != (envelope is not None and envelope.mode is Mode.CUSTOMER):
        raise S3Error("InvalidRequest", _OTHER_PARTS)
    if stated:
        _check_customer_keys(call, None)
    try:
        key = await call.data_keys.unwrap(envelope, stated) if envelope else None
    except Tampered:
        message = "The provided encryption parameters did not match the ones used originally."
        raise S3Error("InvalidRequest", message) from None
    return Encryption(key, envelope, inputs.get("SSECustomerKeyMD5")) if key and envelope else None


async def check_completion(call: Call, upload: Upload, inputs: Mapping[str, Any]) -> None:
    """Check the SSE-C key of a completion. Raises S3Error InvalidRequest.

    It is required for an SSE-C upload with a checksum algorithm, optional otherwise, as AWS documents.
    """
    document = upload.extras.encryption
    customers = document is not None and document["mode"] == Mode.CUSTOMER
    if not CUSTOMER_KEY_INPUTS.isdisjoint(inputs) or (customers and upload.checksum_algorithm):
        await load_upload_encryption(call, document, inputs)


def add_encryption(extras: Extras, encryption: Encryption | None) -> Extras:
    """Return the extras of a new object, with its envelope."""
    return replace(extras, encryption=encryption.document) if encryption else extras


def can_share_data_key(source: Document, target_key: bytes | None, source_key: bytes | None) -> bool:
    """Whether a copy may keep the data key of its source, and so share its blobs.

    Never between two SSE-C keys, or between SSE-C and our own keys: the old SSE-C key would decrypt the copy
    too.
    """
    by_customer = read_envelope(source).mode is Mode.CUSTOMER
    if not by_customer and target_key is None:
        return True
    return by_customer and target_key is not None and target_key == source_key


def encryption_members(envelope: Envelope | Document | None, customer_md5: str | None = None) -> Output:
    """Return the members that describe an object's encryption; nothing for a plain object."""
    if envelope is None:
        return {}
    if not isinstance(envelope, Envelope):
        envelope = read_envelope(envelope)
    if envelope.mode is Mode.CUSTOMER:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": customer_md5}
    if envelope.mode is Mode.S3:
        return {"ServerSideEncryption": "AES256"}
    out: Output = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": envelope.key}
    if envelope.bucket_key:
        out["BucketKeyEnabled"] = True
    return out


# --- helpers --------------------------------------------------------------------------------------

_CUSTOMER_MEMBERS = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")


def _require_customer_key(
    call: Call, envelope: Envelope | None, inputs: Mapping[str, Any], prefix: str
) -> bytes | None:
    """Return the SSE-C key of a request for a stored object.

    Raises S3Error InvalidRequest if it is missing for an SSE-C object, or stated for another.
    """
    stated = parse_customer_key(inputs, prefix)
    if envelope is not None and envelope.mode is Mode.CUSTOMER:
        if stated is None:
            raise S3Error("InvalidRequest", _NO_KEY)
        _check_customer_keys(call, None)
    elif stated is not None:
        raise S3Error("InvalidRequest", "The encryption parameters are not applicable to this object.")
    return stated


async def _unwrap(call: Call, envelope: Envelope | None, stated: bytes | None) -> ContentKey | None:
    """Unwrap the data key. Raises S3Error AccessDenied for a wrong SSE-C key."""
    try:
        return await call.data_keys.unwrap(envelope, stated) if envelope else None
    except Tampered:
        message = f"{_CUSTOMER_KEYS} provide the correct secret key."
        raise S3Error("AccessDenied", message, elsewhere="InvalidArgument") from None


def _check_customer_keys(call: Call, rule: Mapping[str, Any] | None) -> None:
    """Raise S3Error if SSE-C is not allowed: blocked by the bucket, or without TLS.

    TLS is required if the settings say so; AWS always requires it.
    """
    blocked = ((rule or {}).get("BlockedEncryptionTypes") or {}).get("EncryptionType") or ()
    if "SSE-C" in blocked:
        raise S3Error(
            "AccessDenied",
            "This bucket has blocked upload requests that specify Server Side Encryption with Customer"
            " provided keys (SSE-C). Please specify a different server-side encryption type",
        )
    if call.data_keys.customer_keys_need_tls and not call.request.secure:
        raise _invalid_argument(f"{_CUSTOMER_KEYS} be made over a secure connection.", None)


def _check_method(method: str) -> None:
    if method == "aws:kms:dsse":
        raise S3Error("NotImplemented", "DSSE-KMS is not implemented.", Header=_HEADER)
    if method != "aws:kms":
        raise _invalid_argument("The encryption method specified is not supported", method)


def _parse_context(text: str) -> dict[str, str]:
    """Return the client's encryption context. Raises S3Error InvalidArgument."""
    try:
        found = orjson.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise S3Error(
            "InvalidArgument",
            f"The header '{_HEADER}-context' shall be Base64-encoded UTF-8 string holding JSON which"
            " represents a string-string map",
            ArgumentName=f"{_HEADER}-context",
            ArgumentValue=text,
        )
    return found


def _invalid_argument(message: str, value: str | None) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=_HEADER, ArgumentValue=value or "null")
