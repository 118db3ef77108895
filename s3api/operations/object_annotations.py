"""Object annotations: named UTF-8 texts of up to 1 MiB, up to a thousand per object version.

They change without a change of the object. They are stored and encrypted as their object is, copied and
renamed with it, and deleted with its version. Objects encrypted with SSE-C cannot have annotations.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Unpack

from chunkd import Buffer
from metadata.records import Annotation, Content, NewAnnotation, Object
from s3api.body import Body
from s3api.crypto.envelope import Mode, read_envelope
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version, unquote_etag
from s3api.operations.steps.copy_encryption import CopyEncryption
from s3api.operations.steps.describe import checksum_members
from s3api.operations.steps.ingest import BodyDigests, receive
from s3api.operations.steps.inputs import Checksums
from s3api.operations.steps.notifications import event_maker
from s3api.operations.steps.object_encryption import Encryption, encryption_members, unwrap_key
from s3api.operations.steps.paging import page_size

MAX_BYTES = 1 << 20
NAME_BYTES = 512
MAX_ANNOTATIONS = 1000
_NAME = re.compile(r"[\w.-]+")
_RESERVED = ("aws", "s3")


class TextIntegrity(Checksums, total=False):
    """Checksums that a client may state for an annotation."""

    ChecksumAlgorithm: str
    ContentMD5: str


async def put_object_annotation(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    AnnotationName: str,
    AnnotationPayload: Any = None,
    VersionId: str | None = None,
    ObjectIfMatch: str | None = None,
    **more: Unpack[TextIntegrity],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html"""
    check_version(VersionId)
    _check_name(AnnotationName)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    encryption = await _load_encryption(call, found)
    text, algorithm = await _read_payload(call, more)
    async with receive(call, {}, algorithm=algorithm, encryption=encryption, body=_body_of(text)) as received:
        checksum = received.checksum
        new = NewAnnotation(AnnotationName, received.etag, call.now_us, checksum, received.content)
        emit = event_maker(call, "ObjectAnnotation:Put")
        await call.metadata.annotations.put(found, Bucket, new, unquote_etag(ObjectIfMatch), emit)
    return {
        "Key": Key,
        "AnnotationName": AnnotationName,
        "ObjectVersionId": found.version_id if found.versioned else None,
        "ETag": f'"{new.etag}"',
        **checksum_members(checksum),
        **_encryption_output(found),
    }


async def get_object_annotation(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    AnnotationName: str,
    VersionId: str | None = None,
    ChecksumMode: str | None = None,
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAnnotation.html"""
    check_version(VersionId)
    found, text = await call.metadata.annotations.get(Bucket, Key, VersionId, AnnotationName)
    if text is None:
        raise S3Error("NoSuchAnnotation", AnnotationName=AnnotationName)
    key = await unwrap_key(call, found.extras.encryption, {})
    stream = await call.blobs.open_range((text.extent,), 0, text.size, key)
    return {
        "AnnotationPayload": stream,
        "ObjectVersionId": found.version_id if found.versioned else None,
        "LastModified": text.modified_us,
        "ContentLength": text.size,
        "ETag": f'"{text.etag}"',
        **(checksum_members(text.checksum) if ChecksumMode else {}),
        **_encryption_output(found),
    }


async def list_object_annotations(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    MaxAnnotationResults: int | None = None,
    AnnotationPrefix: str | None = None,
    ContinuationToken: str | None = None,
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectAnnotations.html"""
    check_version(VersionId)
    limit = page_size(MaxAnnotationResults, "max-annotation-results")
    prefix = AnnotationPrefix or ""
    if prefix and (not _NAME.fullmatch(prefix) or len(prefix.encode()) > NAME_BYTES):
        raise S3Error("InvalidPrefix")
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    after = _read_token(ContinuationToken) if ContinuationToken else ""
    more = await call.metadata.annotations.list(found, prefix=prefix, after=after, limit=limit + 1)
    page = more[:limit]
    return {
        "Bucket": Bucket,
        "Key": Key,
        "ObjectVersionId": found.version_id if found.versioned else None,
        "AnnotationPrefix": AnnotationPrefix,
        "MaxAnnotationResults": limit,
        "AnnotationCount": len(page),
        "ContinuationToken": ContinuationToken,
        "NextContinuationToken": _make_token(page[-1].name) if page and len(more) > limit else None,
        "Annotations": [_annotation_output(each) for each in page],
    }


async def delete_object_annotation(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    AnnotationName: str,
    VersionId: str | None = None,
    ObjectIfMatch: str | None = None,
) -> Output:
    """Delete an annotation; a missing one is a success. A locked object keeps its annotations.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectAnnotation.html
    """
    check_version(VersionId)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    emit = event_maker(call, "ObjectAnnotation:Delete")
    if_match = unquote_etag(ObjectIfMatch)
    await call.metadata.annotations.delete(found, Bucket, AnnotationName, if_match, emit)
    return {"ObjectVersionId": found.version_id if found.versioned else None}


@asynccontextmanager
async def copy_annotations(
    call: Call,
    found: Object,
    how: CopyEncryption,
    directive: str | None,
    *,
    onto: str,
    version_id: str | None,
) -> AsyncIterator[tuple[NewAnnotation, ...]]:
    """Yield the annotations of a copy of `found` to the key `onto`, with shared or rewritten bytes.

    `how`: of the copy itself. `version_id`: the source version that the request names. Raises S3Error
    AccessDenied, InvalidArgument, InvalidRequest.
    """
    if directive not in (None, "", "COPY", "EXCLUDE"):
        name = "x-amz-object-annotation-directive"
        raise S3Error("InvalidArgument", None, ArgumentName=name, ArgumentValue=directive)
    there = (
        [] if directive == "EXCLUDE" else await call.metadata.annotations.list(found, limit=MAX_ANNOTATIONS)
    )
    if there and how.target and how.target.envelope.mode is Mode.CUSTOMER:
        message = "Objects encrypted with SSE-C cannot have annotations: copy with EXCLUDE."
        raise S3Error("InvalidRequest", message)
    if there:
        _check_copy_permissions(call, found.key, onto, version_id)
    async with AsyncExitStack() as stack:
        out: list[NewAnnotation] = []
        for each in there:
            etag, content = each.etag, Content(each.size, (each.extent,))
            if not how.shared:
                text = await call.blobs.read_small(each.extent, 0, each.size, how.source)
                receiving = receive(call, {}, encryption=how.target, body=_body_of(text))
                received = await stack.enter_async_context(receiving)
                etag, content = received.etag, received.content
            out.append(NewAnnotation(each.name, etag, each.modified_us, each.checksum, content))
        yield tuple(out)


# --- helpers --------------------------------------------------------------------------------------


def _check_copy_permissions(call: Call, source: str, onto: str, version_id: str | None) -> None:
    """Check that the caller may read annotations of the source and write them at the target.

    API_CopyObject, x-amz-object-annotation-directive. Raises S3Error AccessDenied.
    """
    read = "s3:GetObjectVersionAnnotation" if version_id else "s3:GetObjectAnnotation"
    for access, action, key, version in (
        (call.source_access, read, source, version_id),
        (call.access, "s3:PutObjectAnnotation", onto, None),
    ):
        if access is not None and (refusal := access.refusal_for_key(action, key, version)):
            raise refusal


def _check_name(name: str) -> None:
    """Raise S3Error AnnotationNameTooLong, InvalidAnnotationName."""
    if len(name.encode()) > NAME_BYTES:
        raise S3Error("AnnotationNameTooLong")
    if not _NAME.fullmatch(name) or name.lower().startswith(_RESERVED):
        raise S3Error("InvalidAnnotationName", AnnotationName=name)


async def _load_encryption(call: Call, found: Object) -> Encryption | None:
    """Return the encryption of the object. Raises S3Error InvalidRequest for SSE-C."""
    document = found.extras.encryption
    if document is None:
        return None
    envelope = read_envelope(document)
    if envelope.mode is Mode.CUSTOMER:
        raise S3Error("InvalidRequest", "Objects encrypted with SSE-C cannot have annotations.")
    return Encryption(await call.data_keys.unwrap(envelope), envelope)


async def _read_payload(call: Call, inputs: TextIntegrity) -> tuple[Buffer, str | None]:
    """Read and verify the payload; return it and the algorithm of its checksum.

    Raises S3Error EntityTooLarge, InvalidRequest, UnsupportedMediaType, BadDigest and other digest errors.
    """
    body = call.body
    if body is None:
        raise S3Error("MissingRequestBodyError")
    if body.length is not None and body.length > MAX_BYTES:
        raise S3Error("EntityTooLarge", ProposedSize=str(body.length), MaxSizeAllowed=str(MAX_BYTES))
    digests = BodyDigests(inputs, body, "CRC64NVME")
    text = await body.read_all(MAX_BYTES)
    digests.update(text)
    digests.check(body)
    if not len(text):
        raise S3Error("InvalidRequest", "An annotation has one byte at the least.")
    try:
        str(text, "utf-8")
    except UnicodeDecodeError:
        raise S3Error("UnsupportedMediaType", "An annotation must be valid UTF-8.") from None
    return text, digests.result(Content(0)).checksum.algorithm


def _body_of(text: Buffer) -> Body:
    """Return a text as a request body."""
    left = [memoryview(text)]

    async def source() -> Sequence[Buffer]:
        return [left.pop()] if left else []

    return Body(source, len(text))


def _annotation_output(each: Annotation) -> Output:
    return {
        "AnnotationName": each.name,
        "LastModified": each.modified_us,
        "ETag": f'"{each.etag}"',
        "ChecksumAlgorithm": [each.checksum.algorithm] if each.checksum else None,
        "Size": each.size,
    }


def _encryption_output(found: Object) -> Output:
    method = encryption_members(found.extras.encryption).get("ServerSideEncryption")
    return {"ServerSideEncryption": method} if method else {}


def _make_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        message = "The continuation token provided is incorrect"
        raise S3Error("InvalidArgument", message, ArgumentName="continuation-token") from None
