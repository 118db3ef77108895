"""AWS's names of operations in access logs: REST, method and resource ("REST.GET.OBJECT_TAGGING").

AWS documents the form and some of the names ("Amazon S3 server access log format", Operation). The others are
derived from the operation's name: without its verb, "Bucket" and "Configuration".
"""

from __future__ import annotations

import re
from functools import cache

from s3api.operation_table import rules_of

UNKNOWN = "-"
_RESOURCES = {
    "AbortMultipartUpload": "UPLOAD",
    "CompleteMultipartUpload": "UPLOAD",
    "CopyObject": "OBJECT",
    "CreateBucket": "BUCKET",
    "CreateMultipartUpload": "UPLOADS",
    "DeleteBucket": "BUCKET",
    "DeleteObjects": "MULTI_OBJECT_DELETE",
    "GetBucketLogging": "LOGGING_STATUS",
    "GetObjectAcl": "ACL",
    "GetObjectLegalHold": "LEGAL_HOLD",
    "GetObjectRetention": "RETENTION",
    "HeadBucket": "BUCKET",
    "ListBuckets": "SERVICE",
    "ListMultipartUploads": "UPLOADS",
    "ListObjectVersions": "BUCKETVERSIONS",
    "ListObjects": "BUCKET",
    "ListObjectsV2": "BUCKET",
    "ListParts": "UPLOAD",
    "PostObject": "OBJECT",
    "PutBucketLogging": "LOGGING_STATUS",
    "PutObjectAcl": "ACL",
    "PutObjectLegalHold": "LEGAL_HOLD",
    "PutObjectRetention": "RETENTION",
    "UploadPart": "PART",
    "UploadPartCopy": "PART",
} | {f"{verb}BucketPolicy": "BUCKETPOLICY" for verb in ("Get", "Put", "Delete")}
_PARTS = re.compile(r"(?:[A-Z][a-z]+?)(?=[A-Z])(?:Bucket(?=[A-Z]))?(.+?)(?:Configurations?)?")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


# Lifecycle actions are logged too (User Guide, "Lifecycle and other bucket configurations").
_TRANSITIONS = {
    "STANDARD_IA": "_SIA",
    "ONEZONE_IA": "_ZIA",
    "INTELLIGENT_TIERING": "_INT",
    "GLACIER_IR": "_GIR",
    "DEEP_ARCHIVE": "_GDA",
}
_ACTIONS = {"delete": "S3.EXPIRE.OBJECT", "expire": "S3.CREATE.DELETEMARKER", "abort": "S3.DELETE.UPLOAD"}


def lifecycle_name(action: str, storage_class: str) -> str:
    """Return the log name of a lifecycle action. `storage_class`: the new class of a "move"."""
    return _ACTIONS.get(action) or f"S3.TRANSITION{_TRANSITIONS.get(storage_class, '')}.OBJECT"


# The operations that Ceph's journals contain: changes of an object or of its metadata.
JOURNALED_OPERATIONS = frozenset(
    {
        "CompleteMultipartUpload",
        "CopyObject",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "PostObject",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RenameObject",
    }
)
_DELETE_OBJECTS_NAME = "REST.POST.DELETE_MULTI_OBJECT"


def journal_name(operation: str, method: str) -> str:
    """Return the name of a change in Ceph's journals, where a copy is a PUT of an object."""
    if operation == "DeleteObjects":
        return _DELETE_OBJECTS_NAME
    return f"REST.{method}.{_RESOURCES.get(operation) or _resource(operation)}"


@cache
def log_name(operation: str, method: str) -> str:
    """Return the log name of an operation (named as in boto3) requested with `method`."""
    if method == "OPTIONS":
        return "REST.OPTIONS.PREFLIGHT"
    if not operation:
        return UNKNOWN
    verb = "COPY" if rules_of(operation).copies else method
    return f"REST.{verb}.{_RESOURCES.get(operation) or _resource(operation)}"


def _resource(operation: str) -> str:
    match = _PARTS.fullmatch(operation)
    return _WORD.sub("_", match[1] if match else operation).upper()
