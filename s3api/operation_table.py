"""What sets single S3 operations apart beyond AWS's model: one row for each operation with a special rule.

The gateway, the access rules and the bucket logs read this table. An operation without a row has none of the
rules. Add a row here when you add an operation that copies, creates objects, deletes several keys, ...
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationRules:
    """The special rules of one operation."""

    needs_digest: bool = False
    """The body must come with Content-MD5, a checksum or a trailer: a damaged list of keys to delete would
    delete other objects."""
    makes_bucket: bool = False
    """The bucket that the request names does not exist yet."""
    authorizes_each_key: bool = False
    """The operation authorises each key in its body by itself; the request as a whole is not authorised."""
    copies: bool = False
    """The operation reads x-amz-copy-source, which is authorised even for the owner of the target."""
    renames: bool = False
    """The operation reads and deletes x-amz-rename-source, in the same bucket."""
    makes_object_properties: bool = False
    """Headers may set an ACL, tags, a retention or a legal hold, each of which needs a permission of its
    own."""
    may_bypass_governance: bool = False
    """x-amz-bypass-governance-retention asks for s3:BypassGovernanceRetention."""
    object_creation: str | None = None
    """The value of s3:ObjectCreationOperation for operations that are authorised as s3:PutObject: "true"
    where an object comes of the request, "false" for the steps of an upload before its completion."""
    body_condition_keys: tuple[str, ...] = ()
    """Prefixes of the condition keys whose values are in the body: a policy that uses one is evaluated after
    the body is read."""


NO_RULES = OperationRules()
OPERATION_RULES: dict[str, OperationRules] = {
    "CompleteMultipartUpload": OperationRules(object_creation="true"),
    "CopyObject": OperationRules(copies=True, makes_object_properties=True, object_creation="true"),
    "CreateBucket": OperationRules(makes_bucket=True, body_condition_keys=("s3:locationconstraint",)),
    "CreateMultipartUpload": OperationRules(makes_object_properties=True, object_creation="false"),
    "DeleteObject": OperationRules(may_bypass_governance=True),
    "DeleteObjects": OperationRules(needs_digest=True, authorizes_each_key=True, may_bypass_governance=True),
    "PostObject": OperationRules(makes_object_properties=True, object_creation="true"),
    "PutObject": OperationRules(makes_object_properties=True, object_creation="true"),
    "PutObjectLegalHold": OperationRules(body_condition_keys=("s3:object-lock-legal-hold",)),
    "PutObjectRetention": OperationRules(
        may_bypass_governance=True,
        body_condition_keys=(
            "s3:object-lock-mode",
            "s3:object-lock-retain-until-date",
            "s3:object-lock-remaining-retention-days",
        ),
    ),
    "PutObjectTagging": OperationRules(
        body_condition_keys=("s3:requestobjecttag/", "s3:requestobjecttagkeys")
    ),
    "RenameObject": OperationRules(renames=True),
    "UploadPart": OperationRules(object_creation="false"),
    "UploadPartCopy": OperationRules(copies=True, object_creation="false"),
}


def rules_of(operation: str) -> OperationRules:
    """Return the special rules of an operation, by its name in AWS's model (or PostObject)."""
    return OPERATION_RULES.get(operation, NO_RULES)
