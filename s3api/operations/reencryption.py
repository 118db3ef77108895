"""UpdateObjectEncryption: wrap an object's data key with another KMS key.

The object's bytes are not read or written, and nothing else of it changes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from metadata.records import Object
from s3api.crypto.envelope import Envelope, Mode, read_envelope
from s3api.errors import S3Error
from s3api.kms import EncryptionRequest
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version

ATTEMPTS = 5
_ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+")
_OPERATION = "The UpdateObjectEncryption operation doesn't support"
_SUPPORTED = "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."


class _Changed(Exception):
    """The object has changed since its data key was wrapped."""


async def update_object_encryption(
    call: Call, *, Bucket: str, Key: str, ObjectEncryption: dict[str, Any], VersionId: str | None = None
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html"""
    check_version(VersionId)
    arn, bucket_key = _parse_request(ObjectEncryption)
    for _ in range(ATTEMPTS):
        found = await call.metadata.objects.get(Bucket, Key, VersionId)
        envelope = _check_allowed(found, call.now_us)
        request = EncryptionRequest(
            Mode.KMS,
            arn=f"arn:aws:s3:::{Bucket}/{Key}",
            bucket_arn=f"arn:aws:s3:::{Bucket}",
            key=arn,
            bucket_key=bucket_key,
        )
        _, wrapped = await call.data_keys.wrap(request, await call.data_keys.unwrap(envelope))
        try:
            await call.metadata.objects.alter(
                Bucket, Key, found.version_id, _replace_envelope(found, wrapped)
            )
        except _Changed:
            continue
        return {}
    raise S3Error("OperationAborted")


def _parse_request(given: dict[str, Any]) -> tuple[str, bool]:
    """Return the key's ARN and whether to use an S3 Bucket Key.

    Raises S3Error MalformedXML, InvalidArgument.
    """
    wanted = given.get("SSEKMS")
    if not wanted or not wanted.get("KMSKeyArn"):
        raise S3Error("MalformedXML")
    arn = wanted["KMSKeyArn"]
    if not _ARN.fullmatch(arn):
        message = "The KMS key must be named by its full ARN."
        raise S3Error("InvalidArgument", message, ArgumentName="KMSKeyArn", ArgumentValue=arn)
    return arn, bool(wanted.get("BucketKeyEnabled"))


def _check_allowed(found: Object, now_us: int) -> Envelope:
    """Return the envelope of an object that may be changed. Raises S3Error InvalidRequest, AccessDenied."""
    if found.extras.encryption is None:
        raise S3Error("InvalidRequest", f"{_OPERATION} unencrypted source objects. {_SUPPORTED}")
    envelope = read_envelope(found.extras.encryption)
    if envelope.mode is Mode.CUSTOMER:
        message = f"{_OPERATION} source objects with the encryption type DSSE-KMS or SSE-C. {_SUPPORTED}"
        raise S3Error("InvalidRequest", message)
    lock = found.extras.lock
    if lock is not None and lock.holds(now_us, bypass=False):
        raise S3Error("AccessDenied", "Access Denied because object protected by object lock.")
    return envelope


def _replace_envelope(read: Object, wrapped: Envelope) -> Any:
    """Return a change that sets the envelope if the object is still the one that was read."""

    def change(found: Object) -> Object:
        if (found.data_id, found.extras) != (read.data_id, read.extras):
            raise _Changed
        return replace(found, extras=replace(found.extras, encryption=wrapped.document()))

    return change
