"""The one boundary between the layers' own conditions and S3's error codes.

Lower layers raise what happened to them (`NoSuchKey`, `TooFewNodes`); here each gets the code that a client
knows. What is not in the table is a fault of ours: InternalError, logged once with the request's id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from email.utils import formatdate

from metadata import errors as m
from s3api.blobs import DataUnavailable, NodesFull, TooFewNodes
from s3api.errors import S3Error

log = logging.getLogger("sixfold.gateway")

Where = dict[str, str]
"""What the request is about, as S3's error documents name it: BucketName, Key, UploadId, VersionId,
Method."""

TELL_AGAIN_S, TELL_ANOTHER_S = 10.0, 1.0
_BUSY = "The store cannot take this request now. Please try again."


def _bucket(_: BaseException, where: Where) -> S3Error:
    return S3Error("NoSuchBucket", BucketName=where.get("BucketName", ""))


def _precondition(error: BaseException, _: Where) -> S3Error:
    assert isinstance(error, m.PreconditionFailed)
    return S3Error("PreconditionFailed", Condition=error.condition)


def _part(error: BaseException, where: Where) -> S3Error:
    assert isinstance(error, m.PartChanged)
    return S3Error("InvalidPart", PartNumber=str(error.number), UploadId=where.get("UploadId", ""))


def _deleted(error: BaseException, where: Where) -> S3Error:
    assert isinstance(error, m.KeyDeleted)
    return S3Error("NoSuchKey", Key=where.get("Key", ""), DeleteMarker="true", VersionId=error.version_id)


def _marker(error: BaseException, where: Where) -> S3Error:
    """A delete marker has no bytes and no head: the one thing to do with it is to delete it."""
    assert isinstance(error, m.IsDeleteMarker)
    return S3Error(
        "MethodNotAllowed",
        DeleteMarker="true",
        VersionId=error.version_id,
        LastModified=formatdate(error.modified_us // 1_000_000, usegmt=True),
        Allow="DELETE",
        Method=where.get("Method", ""),
        ResourceType="DeleteMarker",
    )


def _said(code: str, message: str) -> Callable[[BaseException, Where], S3Error]:
    """A condition that an operator wants to read of, too: once, and again while it lasts, and of another
    object's not a line for each; every request that met it is in the access log."""
    told, told_s = "", -TELL_AGAIN_S

    def make(error: BaseException, where: Where) -> S3Error:
        nonlocal told, told_s
        now_s, tells = time.monotonic(), str(error)
        if now_s - told_s >= (TELL_AGAIN_S if tells == told else TELL_ANOTHER_S):
            told, told_s = tells, now_s
            log.warning("%s: %s", code, tells)
        return S3Error(code, message)

    return make


TABLE: dict[type[BaseException], Callable[[BaseException, Where], S3Error]] = {
    m.NoSuchBucket: _bucket,
    m.NoSuchKey: lambda _, where: S3Error("NoSuchKey", Key=where.get("Key", "")),
    m.KeyDeleted: _deleted,
    m.NoSuchVersion: lambda _, where: S3Error(
        "NoSuchVersion", Key=where.get("Key", ""), VersionId=where.get("VersionId", "")
    ),
    m.IsDeleteMarker: _marker,
    m.SettingsChanged: lambda _, __: S3Error("OperationAborted"),
    m.ObjectLocked: lambda _, __: S3Error(
        "AccessDenied", "Access Denied because object protected by object lock."
    ),
    m.NoSuchUpload: lambda _, where: S3Error("NoSuchUpload", UploadId=where.get("UploadId", "")),
    m.BucketNotEmpty: lambda _, where: S3Error("BucketNotEmpty", BucketName=where.get("BucketName", "")),
    m.PreconditionFailed: _precondition,
    m.PartChanged: _part,
    m.TooManyAnnotations: lambda _, __: S3Error("AnnotationLimitExceeded"),
    m.TokenReused: lambda _, __: S3Error("IdempotencyParameterMismatch"),
    m.BlobGone: lambda _, __: S3Error("ConditionalRequestConflict"),
    m.InvalidKey: lambda _, __: S3Error(
        "InvalidArgument", "A key, prefix or marker must be UTF-8 text without a NUL character."
    ),
    m.MetadataUnavailable: _said("ServiceUnavailable", _BUSY),
    TooFewNodes: _said("ServiceUnavailable", _BUSY),
    NodesFull: _said("InsufficientStorage", "No storage node has room for this object."),
    DataUnavailable: _said("ServiceUnavailable", _BUSY),
}


READS = frozenset({"GetObject", "HeadObject"})


def lenient_error(error: S3Error, operation: str) -> S3Error:
    """What other stores answer in its place, for settings that are lenient: their code where they have one,
    and to reads of what is not there whether a delete marker hides it (AWS says so only where it does).
    """
    if error.elsewhere:
        return S3Error(error.elsewhere, error.message, **error.details)
    if error.code == "NoSuchKey" and operation in READS:
        return S3Error(error.code, error.message, **{"DeleteMarker": "false"} | error.details)
    return error


def s3_error(error: BaseException, where: Where, request_id: str) -> S3Error:
    """The S3 error that a client gets for `error`."""
    if isinstance(error, S3Error):
        return error
    for kind in type(error).__mro__:
        if make := TABLE.get(kind):
            return make(error, where)
    about = {"request_id": request_id, "bucket": where.get("BucketName"), "key": where.get("Key")}
    log.error("request %s failed in an unforeseen way", request_id, exc_info=error, extra=about)
    return S3Error("InternalError")
