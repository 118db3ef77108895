"""Checks of policies beyond their grammar, as AWS makes them before it stores a policy.

The resources of a bucket policy must be in its own bucket. Its actions must exist and apply to the resources.
Its condition keys must exist and apply to one of the actions. A user's policy may name actions of any service
and any resource.
"""

from __future__ import annotations

import re
from functools import lru_cache

from s3api.access.actions import BUCKET_ACTIONS, OBJECT_ACTIONS, SERVICE_ACTIONS
from s3api.access.policy.documents import Policy, PolicyError, Statement, read_policy
from s3api.access.policy.patterns import Pattern, Variable, Wild, glob, tokens

MAX_BUCKET_POLICY_BYTES = 20 * 1024
_ARN = "arn:aws:s3:::"
_ANY_ARN = re.compile(r"arn:[a-z*?-]+:.*", re.DOTALL)
_VENDOR = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_SID = re.compile(r"[0-9A-Za-z]*")
_ALL_ACTIONS = OBJECT_ACTIONS | BUCKET_ACTIONS | SERVICE_ACTIONS
_LOWER = {action.lower(): action for action in _ALL_ACTIONS}

_LISTS = frozenset({"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"})
_WRITES = frozenset({"s3:PutObject", "s3:ReplicateObject"})
_ACLS = frozenset(
    {"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:CreateBucket", "s3:PutBucketAcl"}
)
_TAGGINGS = frozenset({"s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"})
_VERSIONS = frozenset(action for action in OBJECT_ACTIONS if "Version" in action)
_LOCKS = frozenset({"s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:ReplicateObject"})
_ANY: frozenset[str] = frozenset()
# S3's condition keys, each with the actions that it applies to; _ANY: all actions.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
S3_KEYS: dict[str, frozenset[str]] = {
    "s3:accessgrantsinstancearn": _ANY,
    "s3:accesspointnetworkorigin": _ANY,
    "s3:accesspointtag": _ANY,
    "s3:authtype": _ANY,
    "s3:bucketnamespace": _ANY,
    "s3:buckettag": _ANY,
    "s3:dataaccesspointaccount": _ANY,
    "s3:dataaccesspointarn": _ANY,
    "s3:delimiter": _LISTS,
    "s3:existingobjecttag": OBJECT_ACTIONS,
    "s3:if-match": _WRITES | {"s3:DeleteObject"},
    "s3:if-none-match": _WRITES,
    "s3:inventoryaccessibleoptionalfields": frozenset({"s3:PutInventoryConfiguration"}),
    "s3:jobsuspendedcause": _ANY,
    "s3:locationconstraint": frozenset({"s3:CreateBucket"}),
    "s3:max-keys": _LISTS,
    "s3:object-lock-legal-hold": _LOCKS,
    "s3:object-lock-mode": _LOCKS,
    "s3:object-lock-remaining-retention-days": _LOCKS,
    "s3:object-lock-retain-until-date": _LOCKS,
    "s3:objectcreationoperation": _WRITES,
    "s3:prefix": _LISTS,
    "s3:requestobjecttag": _TAGGINGS,
    "s3:requestobjecttagkeys": _TAGGINGS,
    "s3:resourceaccount": _ANY,
    "s3:signatureage": _ANY,
    "s3:signatureversion": _ANY,
    "s3:tlsversion": _ANY,
    "s3:versionid": _VERSIONS,
    "s3:x-amz-acl": _ACLS,
    "s3:x-amz-content-sha256": _ANY,
    "s3:x-amz-copy-source": _WRITES,
    "s3:x-amz-grant-full-control": _ACLS,
    "s3:x-amz-grant-read": _ACLS,
    "s3:x-amz-grant-read-acp": _ACLS,
    "s3:x-amz-grant-write": _ACLS,
    "s3:x-amz-grant-write-acp": _ACLS,
    "s3:x-amz-metadata-directive": _WRITES,
    "s3:x-amz-object-ownership": frozenset({"s3:CreateBucket", "s3:PutBucketOwnershipControls"}),
    "s3:x-amz-server-side-encryption": _WRITES,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _WRITES,
    "s3:x-amz-server-side-encryption-customer-algorithm": _WRITES,
    "s3:x-amz-storage-class": _WRITES,
    "s3:x-amz-website-redirect-location": _WRITES,
}


def read_bucket_policy(text: str, bucket: str, *, lenient: bool = False) -> Policy:
    """Parse a bucket policy and check it as PutBucketPolicy does. Raises PolicyError.

    `lenient`: accept duplicate Sids, and actions that apply to none of their statement's resources.
    """
    if len(text.encode()) > MAX_BUCKET_POLICY_BYTES:
        raise PolicyError("Policy exceeds the maximum allowed document size.")
    policy = read_policy(text, principals=True, unique_sids=not lenient)
    for statement in policy.statements:
        _check_bucket_statement(statement, bucket, lenient=lenient)
    return policy


def read_user_policy(text: str) -> Policy:
    """Parse a user's policy and check it as PutUserPolicy does. Raises PolicyError."""
    policy = read_policy(text, principals=False)
    for statement in policy.statements:
        if not _SID.fullmatch(statement.sid):
            raise PolicyError(
                "Statement IDs (SID) must be alpha-numeric. "
                "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            )
        for action in statement.actions:
            if not _VENDOR.fullmatch(action.text):
                raise PolicyError(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                )
        for resource in statement.resources:
            if resource.text != "*" and not _ANY_ARN.fullmatch(resource.text):
                raise PolicyError(f'Resource {resource.text} must be in ARN format or "*".')
    return policy


def _check_bucket_statement(statement: Statement, bucket: str, *, lenient: bool) -> None:
    for action in statement.actions:
        if not actions_of(action):
            raise PolicyError("Policy has invalid action")
    kinds = [_resource_kinds(resource, bucket) for resource in statement.resources]
    of_buckets = any(kind[0] for kind in kinds) or statement.not_resources
    of_objects = any(kind[1] for kind in kinds) or statement.not_resources
    for action in () if statement.not_actions or lenient else statement.actions:
        found = actions_of(action)
        if not ((of_buckets and found & BUCKET_ACTIONS) or (of_objects and found & OBJECT_ACTIONS)):
            raise PolicyError("Action does not apply to any resource(s) in statement")
    _check_keys(statement)


def actions_of(pattern: Pattern) -> frozenset[str]:
    """Return the S3 actions that a policy's action pattern matches."""
    return _actions_of(pattern.text.lower())


@lru_cache(maxsize=4096)
def _actions_of(text: str) -> frozenset[str]:
    pattern = Pattern(text)
    return frozenset(action for lower, action in _LOWER.items() if pattern.matches(lower, _no_values))


def _no_values(_: str) -> None:
    return None


def _resource_kinds(resource: Pattern, bucket: str) -> tuple[bool, bool]:
    """Whether a resource can match the bucket, and whether it can match objects in it."""
    if not resource.text.startswith(_ARN):
        raise PolicyError("Policy has invalid resource")
    name, slash, _ = resource.text[len(_ARN) :].partition("/")
    parts = tokens(name, variables=True)
    if any(isinstance(part, Variable) for part in parts) or not glob(parts)(bucket):
        raise PolicyError("Policy has invalid resource")
    return not slash, bool(slash) or Wild.MANY in parts


def _check_keys(statement: Statement) -> None:
    used = frozenset[str]().union(*(actions_of(action) for action in statement.actions))
    for condition in statement.conditions:
        if condition.key.startswith("aws:"):
            continue
        applicable = S3_KEYS.get(condition.key.partition("/")[0])
        if applicable is None:
            raise PolicyError("Policy has an invalid condition key")
        if applicable and not statement.not_actions and not applicable & used:
            raise PolicyError("Conditions do not apply to combination of actions and resources in statement")
