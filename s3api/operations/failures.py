"""Translates exceptions of the lower layers into S3 errors: the only place that does.

Lower layers raise their own exceptions (`NoSuchKey`, `TooFewNodes`); TABLE gives each its S3 code and text.
An exception that is not in the table is a bug: InternalError, logged with its traceback and the request id.
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
"""What the request names, under the element names of S3 error documents: BucketName, Key, UploadId,
VersionId, Method."""

LOG_SAME_S, LOG_OTHER_S = 10.0, 1.0
"""Shortest time between two log lines of one code: with the same text, with another text."""
_BUSY = "The store cannot take this request now. Please try again."


def _no_such_bucket(_: BaseException, where: Where) -> S3Error:
    return S3Error("NoSuchBucket", BucketName=where.get("BucketName", ""))


def _precondition_failed(error: BaseException, _: Where) -> S3Error:
    assert isinstance(error, m.PreconditionFailed)
    return S3Error("PreconditionFailed", Condition=error.condition)


def _invalid_part(error: BaseException, where: Where) -> S3Error:
    assert isinstance(error, m.PartChanged)
    return S3Error("InvalidPart", PartNumber=str(error.number), UploadId=where.get("UploadId", ""))


def _deleted_key(error: BaseException, where: Where) -> S3Error:
    assert isinstance(error, m.KeyDeleted)
    return S3Error("NoSuchKey", Key=where.get("Key", ""), DeleteMarker="true", VersionId=error.version_id)


def _delete_marker(error: BaseException, where: Where) -> S3Error:
    """A delete marker has no content and no metadata: the only method allowed on it is DELETE."""
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


def _logged(code: str, message: str) -> Callable[[BaseException, Where], S3Error]:
    """Return a function that makes the S3 error and logs a warning, at a limited rate.

    The operator needs to see that a condition lasts, not a line per object or request: each failed request is
    in the access log anyway.
    """
    last_text, last_s = "", -LOG_SAME_S

    def make(error: BaseException, where: Where) -> S3Error:
        nonlocal last_text, last_s
        now_s, text = time.monotonic(), str(error)
        if now_s - last_s >= (LOG_SAME_S if text == last_text else LOG_OTHER_S):
            last_text, last_s = text, now_s
            log.warning("%s: %s", code, text)
        return S3Error(code, message)

    return make


READS = frozenset({"GetObject", "HeadObject"})
TABLE: dict[type[BaseException], Callable[[BaseException, Where], S3Error]] = {
    m.NoSuchBucket: _no_such_bucket,
    m.NoSuchKey: lambda _, where: S3Error("NoSuchKey", Key=where.get("Key", "")),
    m.KeyDeleted: _deleted_key,
    m.NoSuchVersion: lambda _, where: S3Error(
        "NoSuchVersion", Key=where.get("Key", ""), VersionId=where.get("VersionId", "")
    ),
    m.IsDeleteMarker: _delete_marker,
    m.SettingsChanged: lambda _, __: S3Error("OperationAborted"),
    m.ObjectLocked: lambda _, __: S3Error(
        "AccessDenied", "Access Denied because object protected by object lock."
    ),
    m.NoSuchUpload: lambda _, where: S3Error("NoSuchUpload", UploadId=where.get("UploadId", "")),
    m.BucketNotEmpty: lambda _, where: S3Error("BucketNotEmpty", BucketName=where.get("BucketName", "")),
    m.PreconditionFailed: _precondition_failed,
    m.PartChanged: _invalid_part,
    m.TooManyAnnotations: lambda _, __: S3Error("AnnotationLimitExceeded"),
    m.TokenReused: lambda _, __: S3Error("IdempotencyParameterMismatch"),
    m.BlobGone: lambda _, __: S3Error("ConditionalRequestConflict"),
    m.InvalidKey: lambda _, __: S3Error(
        "InvalidArgument", "A key, prefix or marker must be UTF-8 text without a NUL character."
    ),
    m.MetadataUnavailable: _logged("ServiceUnavailable", _BUSY),
    TooFewNodes: _logged("ServiceUnavailable", _BUSY),
    NodesFull: _logged("InsufficientStorage", "No storage node has room for this object."),
    DataUnavailable: _logged("ServiceUnavailable", _BUSY),
}


def lenient_error(error: S3Error, operation: str) -> S3Error:
    """Return the error that other S3 stores answer in place of `error`; used by the lenient settings.

    Their code, if it differs from AWS's. A read of a missing key always says whether a delete marker hides
    it, where AWS says so only if one does.
    """
    if error.elsewhere:
        return S3Error(error.elsewhere, error.message, **error.details)
    if error.code == "NoSuchKey" and operation in READS:
        return S3Error(error.code, error.message, **{"DeleteMarker": "false"} | error.details)
    return error


def s3_error(error: BaseException, where: Where, request_id: str) -> S3Error:
    """Return the S3 error that a client gets for `error`."""
    if isinstance(error, S3Error):
        return error
    for kind in type(error).__mro__:
        if make := TABLE.get(kind):
            return make(error, where)
    about = {"request_id": request_id, "bucket": where.get("BucketName"), "key": where.get("Key")}
    log.error("request %s failed with an unexpected error", request_id, exc_info=error, extra=about)
    return S3Error("InternalError")
