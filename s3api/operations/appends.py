"""PutObject with x-amz-write-offset-bytes: append to any object.

The bytes become a new blob after the object's extents; existing blobs are not touched. In a bucket with
versioning each append makes a version that shares the bytes of the one before. Appended bytes are encrypted
as the object is. The ETag is not an MD5 and ends in the number of appended pieces, so that no client takes it
for one. A CRC is combined to one of the whole object; any other checksum is dropped. Of concurrent appends at
one offset one succeeds, the others get 409.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-objects-append.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from metadata.errors import NoSuchKey
from metadata.ids import new_id
from metadata.records import Checksum, Conditions, Content, Extent, NewObject, Object
from s3api import checksums
from s3api.crypto.envelope import read_envelope
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.describe import checksum_members, version_id_member
from s3api.operations.steps.ingest import Received, receive
from s3api.operations.steps.notifications import upload_event_maker
from s3api.operations.steps.object_encryption import Encryption, encryption_members, unwrap_key
from s3api.operations.steps.rehash import read_extents
from s3api.operations.steps.tags_and_lock import parse_tags_and_lock

MAX_PIECES = 10_000
NO_DATA_ID = b""
# Attributes of an object are set at its creation only. ContentType is ignored: libraries send it by default.
_FIXED_AT_CREATION = frozenset(
    {
        "ACL", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires",
        "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "Metadata", "StorageClass",
        "Tagging", "WebsiteRedirectLocation",
    }
)  # fmt: skip


async def find_append_target(call: Call, bucket: str, key: str, offset: int) -> Object | None:
    """Return the object to append to, None if the append creates it. Raises S3Error InvalidWriteOffset."""
    if offset < 0:
        name = "x-amz-write-offset-bytes"
        raise S3Error("InvalidArgument", None, ArgumentName=name, ArgumentValue=str(offset))
    try:
        found = await call.metadata.objects.get(bucket, key)
    except NoSuchKey:
        found = None
    if offset != (found.size if found else 0):
        raise S3Error("InvalidWriteOffset")
    return found


async def append(
    call: Call, bucket: str, found: Object, conditions: Conditions, inputs: Mapping[str, Any]
) -> Output:
    """Receive `call.body`, append it to `found`, and store the result.

    Raises S3Error InvalidRequest, EncryptionTypeMismatch, TooManyParts; BlobGone if the object changed
    meanwhile.
    """
    if fixed := _FIXED_AT_CREATION.intersection(inputs):
        raise S3Error("InvalidRequest", f"{min(fixed)} cannot be given in an append.")
    extents = await read_extents(call, found, 0, found.size)
    if len(extents) >= MAX_PIECES:
        raise S3Error("TooManyParts")
    encryption = await _load_encryption(call, found, inputs)
    algorithm = found.checksum.algorithm if found.checksum and found.size else None
    async with receive(call, inputs, algorithm=algorithm, encryption=encryption) as received:
        new = NewObject(
            bucket=bucket,
            key=found.key,
            data_id=new_id(),
            etag=_etag(found, received, len(extents) + 1),
            modified_us=call.now_us,
            owner=found.owner,
            properties=found.properties,
            checksum=_checksum(found, received),
            content=_append_content(found.size, extents, received.content),
            extras=replace(found.extras, lock=parse_tags_and_lock(call, inputs).lock),
            emit=upload_event_maker(call),
        )
        version_id = await call.metadata.objects.put(new, conditions)
    out: Output = {
        "ETag": f'"{new.etag}"',
        "VersionId": version_id_member(version_id),
        "Size": new.content.size,
        **checksum_members(new.checksum),
    }
    return out | encryption_members(encryption.envelope, encryption.customer_md5) if encryption else out


async def _load_encryption(call: Call, found: Object, inputs: Mapping[str, Any]) -> Encryption | None:
    """Return the encryption of the object.

    Raises S3Error EncryptionTypeMismatch if the request states another.
    """
    document = found.extras.encryption
    has = encryption_members(document)
    for name in ("ServerSideEncryption", "SSEKMSKeyId"):
        if inputs.get(name) not in (None, has.get(name)):
            raise S3Error("EncryptionTypeMismatch")
    key = await unwrap_key(call, document, inputs)
    return Encryption(key, read_envelope(document), inputs.get("SSECustomerKeyMD5")) if key else None


def _append_content(size: int, extents: Sequence[Extent], added: Content) -> Content:
    """Return content with the added extents moved after the first `size` bytes."""
    appended = (extent._replace(start=size + extent.start) for extent in added.extents)
    return Content(size + added.size, (*extents, *appended), added.new_blobs, added.missing, added.staged)


def _etag(found: Object, received: Received, pieces: int) -> str:
    both = f"{found.etag}{received.etag}".encode()
    return f"{hashlib.md5(both, usedforsecurity=False).hexdigest()}-{pieces}"


def _checksum(found: Object, received: Received) -> Checksum | None:
    """Combine the checksums of both halves. None if the algorithm cannot."""
    old, new = found.checksum, received.checksum
    if not found.size:
        return new
    if old is None or (old.algorithm, old.type) != (new.algorithm, checksums.FULL_OBJECT):
        return None
    algorithm = checksums.ALGORITHMS[old.algorithm]
    if algorithm.combine is None:
        return None
    halves = [(old.value, found.size), (new.value, received.content.size)]
    return Checksum(old.algorithm, old.type, checksums.full_object(algorithm, halves))
