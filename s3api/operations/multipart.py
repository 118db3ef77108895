"""CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload.

Completion only writes extents: the object's bytes are those of its parts. Its checks are pure functions of
the upload, the parts that the client lists and the stored parts (`steps.completion`).
"""

from __future__ import annotations

from typing import Any, Unpack

from metadata.errors import MetadataError, NoSuchKey, NoSuchUpload, PreconditionFailed
from metadata.records import Checksum, Content, NewObject, Object, Part, Upload
from s3api import checksums
from s3api.access.initiator import initiator_of
from s3api.errors import S3Error
from s3api.operations.acls import ObjectAcl, resolve_owner_and_acl
from s3api.operations.call import Call, Output
from s3api.operations.steps import completion
from s3api.operations.steps.conditions import write_conditions
from s3api.operations.steps.describe import checksum_members, parse_properties, version_id_member
from s3api.operations.steps.expiry import abort_date, expiration
from s3api.operations.steps.ingest import receive
from s3api.operations.steps.inputs import Checksums, CustomerKey, Description, Encrypting, Integrity
from s3api.operations.steps.notifications import event_maker
from s3api.operations.steps.object_encryption import (
    add_encryption,
    check_completion,
    choose_encryption,
    encryption_members,
    load_upload_encryption,
)
from s3api.operations.steps.tags_and_lock import (
    TagsAndLockInputs,
    add_default_retention,
    parse_upload_tags_and_lock,
)
from s3api.operations.steps.uploads import (
    check_part_number,
    check_upload_id,
    data_id_of,
    new_upload_id,
)


class UploadInputs(Description, TagsAndLockInputs, Encrypting, ObjectAcl, total=False):
    """Inputs of CreateMultipartUpload beside those in its signature."""


class PartInputs(Integrity, CustomerKey, total=False):
    """Inputs of UploadPart beside those in its signature."""


class CompletionInputs(Checksums, CustomerKey, total=False):
    """Inputs of CompleteMultipartUpload beside those in its signature."""


async def create_multipart_upload(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    ChecksumAlgorithm: str | None = None,
    ChecksumType: str | None = None,
    **more: Unpack[UploadInputs],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html"""
    algorithm, kind = _checksum_of_upload(ChecksumAlgorithm, ChecksumType)
    owner, extras = await resolve_owner_and_acl(call, more, parse_upload_tags_and_lock(call, more))
    encryption = await choose_encryption(call, Bucket, Key, more)
    upload = Upload(
        id=new_upload_id(),
        bucket=Bucket,
        key=Key,
        owner=owner,
        initiated_us=call.now_us,
        properties=parse_properties(more),
        checksum_algorithm=algorithm,
        checksum_type=kind,
        extras=add_encryption(extras, encryption),
        initiator=initiator_of(call.principal),
    )
    await call.metadata.uploads.create(upload)
    return {
        "Bucket": Bucket,
        "Key": Key,
        "UploadId": upload.id,
        "ChecksumAlgorithm": algorithm,
        "ChecksumType": kind,
        **(encryption.members() if encryption else {}),
        **abort_date(call, upload),
    }


async def upload_part(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    PartNumber: int,
    UploadId: str,
    Body: Any = None,
    **more: Unpack[PartInputs],
) -> Output:
    """Store a part. It gets the checksum algorithm of its upload.

    A part that states another algorithm is refused; for one that states none the checksum is computed (AWS
    refuses it).
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    check_part_number(PartNumber)
    check_upload_id(UploadId)
    upload = await call.metadata.uploads.get(Bucket, Key, UploadId)
    _check_algorithm(call, more, upload.checksum_algorithm)
    encryption = await load_upload_encryption(call, upload.extras.encryption, more)
    async with receive(call, more, algorithm=upload.checksum_algorithm, encryption=encryption) as received:
        part = Part(PartNumber, received.etag, received.content.size, call.now_us, received.checksum)
        await call.metadata.uploads.put_part(Bucket, Key, UploadId, part, received.content)
    checksum = received.checksum
    out = {"ETag": f'"{received.etag}"', f"Checksum{checksum.algorithm}": checksum.value}
    return out | encryption_members(encryption.envelope, encryption.customer_md5) if encryption else out


async def complete_multipart_upload(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MultipartUpload: dict[str, Any] | None = None,
    ChecksumType: str | None = None,
    MpuObjectSize: int | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    **more: Unpack[CompletionInputs],
) -> Output:
    """Make the object from its parts.

    A repeated completion gets the first one's answer while the object exists.

    LastModified is the time of completion, not of initiation as on AWS: else If-Modified-Since could hide a
    newer object.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    data_id = data_id_of(UploadId)
    conditions = write_conditions(IfMatch, IfNoneMatch, more=call.defaults.lenient)
    completion.check_checksum_syntax(more)
    named = completion.parse_part_list(MultipartUpload)
    done: NewObject | Object
    version_id: str | None
    try:
        upload = await call.metadata.uploads.get(Bucket, Key, UploadId)
        await check_completion(call, upload, more)
        stored = await call.metadata.uploads.list_parts(UploadId, after=0, limit=checksums.MAX_PARTS)
        if not stored:  # another completion or an abort may have removed them since get_upload
            upload = await call.metadata.uploads.get(Bucket, Key, UploadId)
        parts = completion.select_parts(upload, named, stored)
        checksum = completion.object_checksum(upload, parts)
        completion.check_stated_checksum(upload, checksum, ChecksumType, more)
        done = _assemble_object(call, upload, data_id, parts, checksum, MpuObjectSize)
        version_id = await call.metadata.uploads.complete(upload, parts, done, conditions)
    except (NoSuchUpload, PreconditionFailed) as refused:
        done = await _find_completed_object(call, Bucket, Key, data_id, named, refused)
        version_id = done.version_id if done.versioned else None
    return {
        "Location": call.request.url,
        "Bucket": Bucket,
        "Key": Key,
        "ETag": f'"{done.etag}"',
        "VersionId": version_id_member(version_id),
        **checksum_members(done.checksum),
        **encryption_members(done.extras.encryption, more.get("SSECustomerKeyMD5")),
        **expiration(call, done),
    }


async def abort_multipart_upload(call: Call, *, Bucket: str, Key: str, UploadId: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html"""
    check_upload_id(UploadId)
    await call.metadata.uploads.abort(Bucket, Key, UploadId)
    return {}


def _checksum_of_upload(name: str | None, kind: str | None) -> tuple[str | None, str | None]:
    """Check the checksum algorithm and type of a new upload. Raises S3Error InvalidRequest."""
    if name:
        algorithm = checksums.algorithm(name)
        return algorithm.name, checksums.checksum_type(algorithm, kind or None)
    if kind:
        raise S3Error(
            "InvalidRequest",
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )
    return None, None


def _check_algorithm(call: Call, more: Integrity, wanted: str | None) -> None:
    """Refuse a part with another checksum algorithm than its upload's, before its first byte."""
    if wanted is None:
        return
    stated = [algorithm.name for member, algorithm in checksums.BY_MEMBER.items() if more.get(member)]
    if call.body is not None:
        trailers = call.body.trailer_names
        stated += [checksums.BY_HEADER[name].name for name in trailers if name in checksums.BY_HEADER]
    for name in stated:
        if name != wanted:
            raise S3Error(
                "InvalidRequest",
                f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, "
                f"actual checksum Type: {name.lower()}",
            )


def _assemble_object(
    call: Call,
    upload: Upload,
    data_id: bytes,
    parts: list[Part],
    checksum: Checksum | None,
    stated_bytes: int | None,
) -> NewObject:
    """Return the object made of these parts, without extents: the metadata store assembles them."""
    return NewObject(
        bucket=upload.bucket,
        key=upload.key,
        data_id=data_id,
        etag=completion.multipart_etag([part.etag for part in parts]),
        modified_us=call.now_us,
        owner=upload.owner,
        properties=upload.properties,
        checksum=checksum,
        content=Content(completion.total_size(parts, stated_bytes)),
        extras=add_default_retention(call, upload.extras),
        emit=event_maker(call, "ObjectCreated:CompleteMultipartUpload"),
    )


async def _find_completed_object(
    call: Call,
    bucket: str,
    key: str,
    data_id: bytes,
    named: list[completion.PartReference],
    refused: MetadataError,
) -> Object:
    """Return the object that another completion of this upload with the same parts has made.

    Raises `refused` if there is none.
    """
    try:
        found = await call.metadata.objects.get(bucket, key)
    except NoSuchKey:
        raise refused from None
    if found.data_id != data_id or found.etag != completion.multipart_etag([part.etag for part in named]):
        raise refused
    return found
