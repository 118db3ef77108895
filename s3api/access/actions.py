"""Actions that each operation requires: AWS's table "Required permissions for Amazon S3 API operations".

An operation requires one action, which may differ if the request names a version. Some headers require
further actions (`RequiredActions.also`). Bucket actions are checked on the bucket's ARN, object actions on
the object's ARN.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from s3api.operation_table import rules_of

# Operation: its action; after a comma, the action if a versionId is given.
_OBJECT_OPERATIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject,DeleteObjectVersion",
    "DeleteObjectAnnotation": "DeleteObjectAnnotation,DeleteObjectVersionAnnotation",
    "DeleteObjectTagging": "DeleteObjectTagging,DeleteObjectVersionTagging",
    "GetObject": "GetObject,GetObjectVersion",
    "GetObjectAcl": "GetObjectAcl,GetObjectVersionAcl",
    "GetObjectAnnotation": "GetObjectAnnotation,GetObjectVersionAnnotation",
    "GetObjectAttributes": "GetObjectAttributes,GetObjectVersionAttributes",
    "GetObjectLegalHold": "GetObjectLegalHold",
    "GetObjectRetention": "GetObjectRetention",
    "GetObjectTagging": "GetObjectTagging,GetObjectVersionTagging",
    "GetObjectTorrent": "GetObjectTorrent",
    "HeadObject": "GetObject,GetObjectVersion",
    "ListObjectAnnotations": "GetObjectAnnotation,GetObjectVersionAnnotation",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutObject": "PutObject",
    "PutObjectAcl": "PutObjectAcl,PutObjectVersionAcl",
    "PutObjectAnnotation": "PutObjectAnnotation,PutObjectVersionAnnotation",
    "PutObjectLegalHold": "PutObjectLegalHold",
    "PutObjectRetention": "PutObjectRetention",
    "PutObjectTagging": "PutObjectTagging,PutObjectVersionTagging",
    "RenameObject": "PutObject",
    "RestoreObject": "RestoreObject",
    "SelectObjectContent": "GetObject",
    "UpdateObjectEncryption": "UpdateObjectEncryption",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_BUCKET_OPERATIONS = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketWebsite": "DeleteBucketWebsite",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAbac": "GetBucketAbac",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotification": "GetBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestPayment": "GetBucketRequestPayment",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PostBucketLogging": "PutBucketLogging",
    "PutBucketAbac": "PutBucketAbac",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotification": "PutBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutBucketRequestPayment": "PutBucketRequestPayment",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutBucketWebsite": "PutBucketWebsite",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# Actions without an operation of their own here.
_OTHER_OBJECT_ACTIONS = (
    "BypassGovernanceRetention",
    "InitiateReplication",
    "ObjectOwnerOverrideToBucketOwner",
    "ReplicateDelete",
    "ReplicateObject",
    "ReplicateTags",
)
_OTHER_BUCKET_ACTIONS = (
    "CreateBucketMetadataTableConfiguration",
    "DeleteBucketMetadataTableConfiguration",
    "GetBucketMetadataTableConfiguration",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
)
_VERSIONED = {
    name: actions.partition(",") for name, actions in (_OBJECT_OPERATIONS | _BUCKET_OPERATIONS).items()
}
OBJECT_ACTIONS = frozenset(
    f"s3:{action}"
    for actions in (*_OBJECT_OPERATIONS.values(), ",".join(_OTHER_OBJECT_ACTIONS))
    for action in actions.split(",")
)
# Actions that only a user's own policy can allow, and that apply to no bucket.
SERVICE_ACTIONS = frozenset({"s3:ListAllMyBuckets"})
BUCKET_ACTIONS = (
    frozenset(f"s3:{action}" for action in (*_BUCKET_OPERATIONS.values(), *_OTHER_BUCKET_ACTIONS))
    - SERVICE_ACTIONS
)

PUT_ACL_HEADERS = (
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
)


class RequiredActions(NamedTuple):
    """Actions that a request requires. `action`: on the operation's own resource; `also`: those that its
    headers require."""

    action: str
    also: tuple[str, ...] = ()


def required_actions(operation: str, headers: Mapping[str, str], *, version: bool) -> RequiredActions:
    """Return the actions that a request requires.

    `version`: whether the request names a version; `headers` by lower-case name. An operation that is not in
    the table requires the action of its own name.
    """
    plain, comma, versioned = _VERSIONED.get(operation, (operation, "", ""))
    action = f"s3:{versioned if version and comma else plain}"
    return RequiredActions(action, _further_actions(operation, headers, version=version))


def _further_actions(operation: str, headers: Mapping[str, str], *, version: bool) -> tuple[str, ...]:
    out: list[str] = []
    rules = rules_of(operation)
    if rules.makes_object_properties:
        for action, is_required in _OBJECT_HEADER_ACTIONS:
            if is_required(headers):
                out.append(action)
    elif rules.makes_bucket:
        for action, is_required in _BUCKET_HEADER_ACTIONS:
            if is_required(headers):
                out.append(action)
    elif operation == "GetObjectAttributes":
        out.append("s3:GetObjectVersion" if version else "s3:GetObject")
    elif rules.may_bypass_governance and is_true(headers.get("x-amz-bypass-governance-retention")):
        out.append("s3:BypassGovernanceRetention")
    return tuple(out)


def required_source_actions(operation: str, headers: Mapping[str, str], *, version: bool) -> tuple[str, ...]:
    """Return the actions required on the source of a copy; none if the operation does not copy.

    Copying the tags (the default of CopyObject) requires no action: AWS copies them for any caller that may
    read the object, and fails only if reading the tags is denied.
    """
    if not rules_of(operation).copies:
        return ()
    return ("s3:GetObjectVersion" if version else "s3:GetObject",)


def is_true(header: str | None) -> bool:
    return header is not None and header.strip().lower() == "true"


def sets_acl(headers: Mapping[str, str]) -> bool:
    return any(name in headers for name in PUT_ACL_HEADERS)


_HeaderTest = Callable[[Mapping[str, str]], bool]
_OBJECT_HEADER_ACTIONS: tuple[tuple[str, _HeaderTest], ...] = (
    ("s3:PutObjectAcl", sets_acl),
    ("s3:PutObjectTagging", lambda headers: bool(headers.get("x-amz-tagging"))),
    (
        "s3:PutObjectRetention",
        lambda headers: (
            "x-amz-object-lock-mode" in headers or "x-amz-object-lock-retain-until-date" in headers
        ),
    ),
    ("s3:PutObjectLegalHold", lambda headers: "x-amz-object-lock-legal-hold" in headers),
)
_BUCKET_HEADER_ACTIONS: tuple[tuple[str, _HeaderTest], ...] = (
    ("s3:PutBucketAcl", sets_acl),
    ("s3:PutBucketOwnershipControls", lambda headers: "x-amz-object-ownership" in headers),
    (
        "s3:PutBucketVersioning",
        lambda headers: is_true(headers.get("x-amz-bucket-object-lock-enabled")),
    ),
    (
        "s3:PutBucketObjectLockConfiguration",
        lambda headers: is_true(headers.get("x-amz-bucket-object-lock-enabled")),
    ),
)
