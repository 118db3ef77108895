"""PutObject, GetObject, HeadObject."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any, Unpack

from chunkd import Buffer
from metadata.errors import BlobGone, NoSuchKey, PreconditionFailed
from metadata.ids import new_id
from metadata.records import NO_CONDITIONS, Checksum, Conditions, NewObject, Object
from s3api.crypto import ContentKey
from s3api.errors import S3Error
from s3api.operations.acls import ObjectAcl, resolve_owner_and_acl
from s3api.operations.appends import NO_DATA_ID, append, find_append_target
from s3api.operations.call import Call, Output
from s3api.operations.restores import RESTORED, current_restore
from s3api.operations.steps.conditions import check_read, check_version, write_conditions
from s3api.operations.steps.describe import (
    checksum_members,
    object_members,
    parse_properties,
    version_id_member,
)
from s3api.operations.steps.expiry import expiration
from s3api.operations.steps.ingest import receive
from s3api.operations.steps.inputs import (
    CustomerKey,
    Description,
    Encrypting,
    Integrity,
    ReadConditions,
    ResponseOverrides,
)
from s3api.operations.steps.notifications import upload_event_maker
from s3api.operations.steps.object_encryption import (
    add_encryption,
    check_customer_key,
    choose_encryption,
    encryption_members,
    unwrap_key,
)
from s3api.operations.steps.ranges import byte_range
from s3api.operations.steps.tags_and_lock import TagsAndLockInputs, check_lock_digest, parse_tags_and_lock
from s3api.operations.steps.uploads import check_part_number

# A body of this size, or one that waits for "100 Continue", is received only after a check whether the
# write can succeed. The transaction decides in any case.
CHECK_FIRST_BYTES = 1 << 20
SMALL_READ_BYTES = 64 << 10
READ_ATTEMPTS = 4


class PutInputs(Description, Integrity, TagsAndLockInputs, Encrypting, ObjectAcl, total=False):
    """Inputs of PutObject beside those in its signature."""


class ReadInputs(ReadConditions, ResponseOverrides, CustomerKey, total=False):
    """Inputs of GetObject and HeadObject beside those in their signatures."""


async def put_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Body: Any = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    WriteOffsetBytes: int | None = None,
    **more: Unpack[PutInputs],
) -> Output:
    """Store `call.body` as an object, replacing the current one; with WriteOffsetBytes, append to it.

    The answer means that bytes and metadata are synced to disk (`s3api.blobs` says how for each size).
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    conditions = write_conditions(IfMatch, IfNoneMatch, more=call.defaults.lenient)
    if WriteOffsetBytes is not None:
        there = await find_append_target(call, Bucket, Key, WriteOffsetBytes)
        conditions = replace(conditions, if_data_id=there.data_id if there else NO_DATA_ID)
        if there:
            return await append(call, Bucket, there, conditions, more)
    described = parse_properties(more)
    owner, extras = await resolve_owner_and_acl(call, more, parse_tags_and_lock(call, more))
    check_lock_digest(more, call.body)
    body = call.body
    if body and (body.awaited or body.length is None or body.length >= CHECK_FIRST_BYTES):
        await _check_before_upload(call, Bucket, Key, conditions)
    encryption = await choose_encryption(call, Bucket, Key, more)
    async with receive(call, more, encryption=encryption) as received:
        new = NewObject(
            bucket=Bucket,
            key=Key,
            data_id=new_id(),
            etag=received.etag,
            modified_us=call.now_us,
            owner=owner,
            properties=described,
            checksum=received.checksum,
            content=received.content,
            extras=add_encryption(extras, encryption),
            emit=upload_event_maker(call),
        )
        version_id = await call.metadata.objects.put(new, conditions)
    out = {
        "ETag": f'"{received.etag}"',
        "VersionId": version_id_member(version_id),
        **checksum_members(received.checksum),
    }
    if call.settings:
        out |= expiration(call, new)
    return out | encryption.members() if encryption else out


async def _check_before_upload(call: Call, bucket: str, key: str, conditions: Conditions) -> None:
    """Refuse a large body before its first byte if the bucket is missing or a condition fails already."""
    if conditions is NO_CONDITIONS:
        await call.metadata.buckets.get(bucket)
        return
    try:
        found = await call.metadata.objects.get(bucket, key)
    except NoSuchKey:
        if conditions.if_match is not None:
            raise
        return
    if conditions.if_none_match in ("*", found.etag):
        raise PreconditionFailed("If-None-Match")
    if conditions.if_match not in (None, "*", found.etag):
        raise PreconditionFailed("If-Match")


async def head_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Range: str | None = None,
    PartNumber: int | None = None,
    VersionId: str | None = None,
    ChecksumMode: str | None = None,
    **more: Unpack[ReadInputs],
) -> Output:
    """Return what GetObject returns, without the bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    found = await _get_version(call, Bucket, Key, VersionId)
    await check_customer_key(call, found.extras.encryption, more)
    out, _, _ = await _build_output(call, found, Range, PartNumber, ChecksumMode, more)
    if VersionId is None and call.settings:
        out |= expiration(call, found)
    return out


async def get_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Range: str | None = None,
    PartNumber: int | None = None,
    VersionId: str | None = None,
    ChecksumMode: str | None = None,
    **more: Unpack[ReadInputs],
) -> Output:
    """Return an object, or a range or a part of it.

    `Body` is a buffer for a small read, else an async iterator of buffers.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    for _ in range(READ_ATTEMPTS):
        found = await _get_version(call, Bucket, Key, VersionId)
        key = await unwrap_key(call, found.extras.encryption, more)
        out, start, stop = await _build_output(call, found, Range, PartNumber, ChecksumMode, more)
        try:
            out["Body"] = await open_content(call, found, start, stop, key)
        except BlobGone:  # replaced since its record was read: read the new one
            continue
        if VersionId is None and call.settings:
            out |= expiration(call, found)
        return out
    raise S3Error("SlowDown")


async def open_content(
    call: Call, found: Object, start: int, stop: int, key: ContentKey | None = None
) -> Buffer | AsyncIterator[Buffer]:
    """Open bytes [start, stop) of an object, decrypted with `key`.

    The first bytes are read when this returns.

    Raises DataUnavailable.
    """
    if start == stop:
        return b""
    if found.extent and stop - start <= SMALL_READ_BYTES:
        return await call.blobs.read_small(found.extent, start, stop, key)
    extents = (
        (found.extent,) if found.extent else await call.metadata.objects.extents(found.data_id, start, stop)
    )
    return await call.blobs.open_range(extents, start, stop, key)


async def _get_version(call: Call, bucket: str, key: str, version_id: str | None) -> Object:
    check_version(version_id)
    return await call.metadata.objects.get(bucket, key, version_id)


async def _build_output(
    call: Call,
    found: Object,
    header: str | None,
    part: int | None,
    checksum_mode: str | None,
    more: ReadInputs,
) -> tuple[Output, int, int]:
    """Return the output without Body, and the range [start, stop) to read."""
    _check_conditions(call, found, more)
    out = object_members(found, checksum_mode=checksum_mode)
    if found.extras.encryption is not None:
        out |= encryption_members(found.extras.encryption, more.get("SSECustomerKeyMD5"))
    if RESTORED in out:
        out[RESTORED] = current_restore(found.properties, call.now_us)
    start, stop = 0, found.size
    if part is not None:
        if header is not None:
            raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
        start, stop = await _find_part(call, found, part, checksum_mode, out)
        if found.size:
            out["ContentRange"] = f"bytes {start}-{stop - 1}/{found.size}"
    elif span := byte_range(header, found.size):
        start, stop = span
        out["ContentRange"] = f"bytes {start}-{stop - 1}/{found.size}"
        if stop - start != found.size:
            _remove_checksum(out)
    out["ContentLength"] = stop - start
    for name, value in more.items():
        if name.startswith("Response"):
            out[name.removeprefix("Response")] = value
    return out, start, stop


def _check_conditions(call: Call, found: Object, more: ReadInputs) -> None:
    """Check the read conditions. NotModified gets the headers that RFC 9110 (15.4.5) requires in a 304."""
    try:
        check_read(found.etag, found.modified_us, more, now_us=call.now_us)
    except S3Error as error:
        if error.code == "NotModified":
            modified = formatdate(found.modified_us // 1_000_000, usegmt=True)
            error.details |= {"ETag": f'"{found.etag}"', "LastModified": modified}
        raise


async def _find_part(
    call: Call, found: Object, number: int, checksum_mode: str | None, out: Output
) -> tuple[int, int]:
    """Return [start, stop) of a part, and put its members into `out`.

    An object that was not uploaded in parts is its own part 1. Raises S3Error InvalidPartNumber.
    """
    check_part_number(number)
    if not found.parts:
        if number != 1:
            raise _no_such_part(number, 1)
        return 0, found.size
    part = await call.metadata.objects.part(found.data_id, number)
    if part is None or part.start is None:
        raise _no_such_part(number, found.parts)
    out["PartsCount"] = found.parts
    if checksum_mode:
        _remove_checksum(out)
        out |= _part_checksum_output(part.checksum, found.checksum)
    return part.start, part.start + part.size


def _no_such_part(number: int, parts: int) -> S3Error:
    about = {"ActualPartCount": str(parts), "PartNumberRequested": str(number)}
    return S3Error("InvalidPartNumber", elsewhere="InvalidPart", **about)


def _part_checksum_output(checksum: Checksum | None, whole: Checksum | None) -> Output:
    """Return the checksum of a part with the checksum type of the object."""
    out = checksum_members(checksum)
    return out | {"ChecksumType": whole.type} if out and whole else {}


def _remove_checksum(out: Output) -> None:
    """Remove the checksum of the whole object: clients would verify a range against it and fail."""
    for name in [name for name in out if name.startswith("Checksum")]:
        del out[name]
