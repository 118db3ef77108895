"""CopyObject and UploadPartCopy.

A copy shares the blobs of its source: only new extents are written. Bytes are read and written again only if
the copy needs another encryption than its source (`steps.copy_encryption`). They are read, not written, to
compute a checksum that the source does not have.

The source may be replaced or deleted during the copy. The metadata transaction then finds a deleted blob
(BlobGone), and the source is read again, up to ATTEMPTS times: a copy is always one state of the source.

Unlike on AWS, the copy of a multipart object keeps the ETag ("...-N") and the checksum of its source, even a
composite one. AWS computes a new MD5, for which up to 5 GiB would have to be read; clients may not interpret
the ETag.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Unpack

from metadata.errors import BlobGone
from metadata.ids import new_id
from metadata.records import Checksum, Content, Extent, NewObject, Object, Part, Properties
from s3api import checksums
from s3api.errors import S3Error
from s3api.operations.acls import ObjectAcl, resolve_owner_and_acl
from s3api.operations.call import Call, Output
from s3api.operations.object_annotations import copy_annotations
from s3api.operations.restores import RESTORED
from s3api.operations.steps.conditions import CopySourceConditions, write_conditions
from s3api.operations.steps.copy_encryption import CopyEncryption, plan_copy_encryption, rewrite
from s3api.operations.steps.copy_source import Source, check_copy_size, copy_range, parse_source, read_source
from s3api.operations.steps.describe import checksum_members, parse_properties, version_id_member
from s3api.operations.steps.expiry import expiration
from s3api.operations.steps.ingest import DEFAULT_ALGORITHM
from s3api.operations.steps.inputs import CustomerKey, Description, Encrypting, SourceCustomerKey
from s3api.operations.steps.notifications import event_maker
from s3api.operations.steps.object_encryption import (
    COPY_SOURCE,
    ENCRYPTION_INPUTS,
    add_encryption,
    default_rule,
    encryption_members,
    load_upload_encryption,
    unwrap_key,
)
from s3api.operations.steps.rehash import read_extents, rehash, slice_extents
from s3api.operations.steps.tags_and_lock import TagsAndLockInputs, parse_tags_and_lock
from s3api.operations.steps.uploads import check_part_number, check_upload_id

ATTEMPTS = 5
_NOT_COPIED = frozenset({"WebsiteRedirectLocation", RESTORED})
_DIRECTIVES = ("COPY", "REPLACE")


class CopyInputs(
    Description,
    CopySourceConditions,
    TagsAndLockInputs,
    Encrypting,
    SourceCustomerKey,
    ObjectAcl,
    total=False,
):
    """Inputs of CopyObject beside those in its signature."""


class PartCopyInputs(CopySourceConditions, CustomerKey, SourceCustomerKey, total=False):
    """Inputs of UploadPartCopy beside those in its signature."""


@dataclass(frozen=True, slots=True)
class CopyContent:
    """Extents, ETag and checksum of a copy."""

    content: Content
    etag: str
    checksum: Checksum | None


async def copy_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    CopySource: str,
    MetadataDirective: str | None = None,
    TaggingDirective: str | None = None,
    ChecksumAlgorithm: str | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    ExpectedSourceBucketOwner: str | None = None,
    AnnotationDirective: str | None = None,
    **more: Unpack[CopyInputs],
) -> Output:
    """Copy an object.

    Storage class, website redirect and lock come from the request, never from the source.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    conditions = write_conditions(IfMatch, IfNoneMatch, more=call.defaults.lenient)
    replace = _check_directive(MetadataDirective, "metadata") == "REPLACE"
    retag = _check_directive(TaggingDirective, "tagging") == "REPLACE"
    owner, own_extras = await resolve_owner_and_acl(call, more, parse_tags_and_lock(call, more))
    algorithm = checksums.algorithm(ChecksumAlgorithm).name if ChecksumAlgorithm else None
    source = parse_source(CopySource, more, ExpectedSourceBucketOwner)
    described = parse_properties(more)

    async def once() -> Output:
        found = await read_source(call, source)
        check_copy_size(found.size)
        if (source.bucket, source.key) == (Bucket, Key):
            _check_changes(call, source, more, replace=replace)
        merged = described if replace else _inherit_properties(found.properties, described)
        source_tags = found.extras.tags
        extras = (
            own_extras if retag or own_extras.tags == source_tags else replaced(own_extras, tags=source_tags)
        )
        how = await plan_copy_encryption(call, Bucket, Key, found, more)
        async with (
            _copy_content(call, found, how, algorithm) as copied,
            copy_annotations(
                call, found, how, AnnotationDirective, onto=Key, version_id=source.version_id
            ) as annotations,
        ):
            new = NewObject(
                bucket=Bucket,
                key=Key,
                data_id=new_id(),
                etag=copied.etag,
                modified_us=call.now_us,
                owner=owner,
                properties=merged,
                checksum=copied.checksum,
                content=copied.content,
                extras=add_encryption(extras, how.target),
                emit=event_maker(call, "ObjectCreated:Copy"),
                annotations=annotations,
            )
            version_id = await call.metadata.objects.put(new, conditions)
        return _copy_output(call, found, new, how, version_id)

    return await _retry_while_blob_gone(once)


def _copy_output(
    call: Call, found: Object, new: NewObject, how: CopyEncryption, version_id: str | None
) -> Output:
    return {
        "VersionId": version_id_member(version_id),
        "CopySourceVersionId": found.version_id if found.versioned else None,
        "CopyObjectResult": {
            "ETag": f'"{new.etag}"',
            "LastModified": new.modified_us,
            **checksum_members(new.checksum),
        },
        **(how.target.members() if how.target else {}),
        **expiration(call, new),
    }


async def upload_part_copy(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    CopySource: str,
    PartNumber: int,
    UploadId: str,
    CopySourceRange: str | None = None,
    ExpectedSourceBucketOwner: str | None = None,
    **more: Unpack[PartCopyInputs],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html"""
    check_part_number(PartNumber)
    check_upload_id(UploadId)
    upload = await call.metadata.uploads.get(Bucket, Key, UploadId)
    source = parse_source(CopySource, more, ExpectedSourceBucketOwner)

    async def once() -> Output:
        found = await read_source(call, source)
        start, stop = copy_range(CopySourceRange, found.size)
        check_copy_size(stop - start)
        extents = slice_extents(await read_extents(call, found, start, stop), start, stop)
        key = await unwrap_key(call, found.extras.encryption, more, COPY_SOURCE)
        encryption = await load_upload_encryption(call, upload.extras.encryption, more)
        how = CopyEncryption(key, encryption, shared=key is None and encryption is None)
        async with _copy_part_content(call, found, extents, how, upload.checksum_algorithm) as copied:
            size = stop - start
            part = Part(PartNumber, copied.etag, size, call.now_us, copied.checksum)
            await call.metadata.uploads.put_part(Bucket, Key, UploadId, part, copied.content)
        return {
            "CopySourceVersionId": found.version_id if found.versioned else None,
            "CopyPartResult": {
                "ETag": f'"{copied.etag}"',
                "LastModified": call.now_us,
                **_checksum_without_type(copied.checksum if upload.checksum_algorithm else None),
            },
            **(encryption_members(encryption.envelope, encryption.customer_md5) if encryption else {}),
        }

    return await _retry_while_blob_gone(once)


async def _retry_while_blob_gone(once: Callable[[], Awaitable[Output]]) -> Output:
    """Call `once` again if the source was deleted during the copy. Raises S3Error OperationAborted."""
    for _ in range(ATTEMPTS):
        try:
            return await once()
        except BlobGone:
            continue
    raise S3Error("OperationAborted")


@asynccontextmanager
async def _copy_content(
    call: Call, found: Object, how: CopyEncryption, algorithm: str | None
) -> AsyncIterator[CopyContent]:
    """Yield the content of a copied object: extents on the source's blobs, or bytes written again."""
    extents = await read_extents(call, found, 0, found.size)
    wanted = algorithm if algorithm and not _has_checksum(found, algorithm) else None
    if how.shared:
        checksum = (await rehash(call, extents, wanted, how.source))[1] if wanted else found.checksum
        yield CopyContent(Content(found.size, extents), found.etag, checksum)
        return
    async with rewrite(call, extents, how, wanted) as received:
        checksum = received.checksum if wanted else found.checksum or received.checksum
        yield CopyContent(received.content, received.etag, checksum)


@asynccontextmanager
async def _copy_part_content(
    call: Call, found: Object, extents: tuple[Extent, ...], how: CopyEncryption, algorithm: str | None
) -> AsyncIterator[CopyContent]:
    """Yield the content of a copied part, which always has a checksum."""
    size = sum(extent.length for extent in extents)
    if not how.shared:
        async with rewrite(call, extents, how, algorithm) as received:
            yield CopyContent(received.content, received.etag, received.checksum)
        return
    known = _known_digests(found, algorithm) if size == found.size else None
    etag, checksum = known or await rehash(call, extents, algorithm or DEFAULT_ALGORITHM)
    yield CopyContent(Content(size, extents), etag, checksum)


def _has_checksum(found: Object, algorithm: str) -> bool:
    return found.checksum is not None and found.checksum.algorithm == algorithm


def _known_digests(found: Object, algorithm: str | None) -> tuple[str, Checksum | None] | None:
    """Return MD5 and checksum of a whole source if its record has them, so that no byte is read."""
    checksum = found.checksum
    if checksum and checksum.type != checksums.FULL_OBJECT:
        checksum = None
    if "-" in found.etag or (algorithm and (checksum is None or checksum.algorithm != algorithm)):
        return None
    return found.etag, checksum


def _inherit_properties(source: Properties, stated: Properties) -> Properties:
    """Return the source's properties without those that AWS never copies: MetadataDirective COPY."""
    headers = {name: value for name, value in source.headers.items() if name not in _NOT_COPIED}
    if redirect := stated.headers.get("WebsiteRedirectLocation"):
        headers["WebsiteRedirectLocation"] = redirect
    return Properties(headers, source.metadata, stated.storage_class)


def _check_changes(call: Call, source: Source, more: CopyInputs, *, replace: bool) -> None:
    """Refuse to copy an object onto itself without any change, as AWS does.

    A named version may be restored this way, and the bucket's default encryption may differ from the
    object's.
    """
    another = source.version_id is not None or default_rule(call) is not None
    changes = replace or more.get("StorageClass") or more.get("WebsiteRedirectLocation") or another
    if not changes and ENCRYPTION_INPUTS.isdisjoint(more):
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing"
            " the object's metadata, storage class, website redirect location or encryption attributes.",
        )


def _check_directive(value: str | None, what: str) -> str:
    """Return the directive, COPY by default. Raises S3Error InvalidArgument for an unknown one."""
    if value and value not in _DIRECTIVES:
        name = f"x-amz-{what}-directive"
        raise S3Error("InvalidArgument", f"Unknown {what} directive.", ArgumentName=name, ArgumentValue=value)
    return value or "COPY"


def _checksum_without_type(checksum: Checksum | None) -> Output:
    return {f"Checksum{checksum.algorithm}": checksum.value} if checksum else {}
