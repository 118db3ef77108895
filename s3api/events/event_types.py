"""The events of S3, and which of them a name with a wildcard means.

A kind is written as in the `eventName` of a message ("ObjectCreated:Put"); configurations put "s3:" before it
(User Guide, "Supported event types for SQS, SNS, and Lambda").
"""

from __future__ import annotations

KINDS = frozenset(
    {
        "IntelligentTiering",
        "LifecycleExpiration:Delete",
        "LifecycleExpiration:DeleteMarkerCreated",
        "LifecycleTransition",
        "ObjectAcl:Put",
        "ObjectAnnotation:Delete",
        "ObjectAnnotation:Put",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectCreated:Copy",
        "ObjectCreated:Post",
        "ObjectCreated:Put",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "ObjectRestore:Completed",
        "ObjectRestore:Delete",
        "ObjectRestore:Post",
        "ObjectRetention:Put",
        "ObjectTagging:Delete",
        "ObjectTagging:Put",
        "ReducedRedundancyLostObject",
        "Replication:OperationFailedReplication",
        "Replication:OperationMissedThreshold",
        "Replication:OperationNotTracked",
        "Replication:OperationReplicatedAfterThreshold",
    }
)
_PREFIX, _ALL = "s3:", ":*"
_PATTERNS = KINDS | {kind.partition(":")[0] + _ALL for kind in KINDS if ":" in kind}


def is_event_pattern(name: str) -> bool:
    """Whether a configuration may ask for it: a kind, or a group of kinds ("s3:ObjectCreated:*")."""
    return name.startswith(_PREFIX) and name.removeprefix(_PREFIX) in _PATTERNS


def matches_event_type(name: str, kind: str) -> bool:
    """Whether the name in a configuration (or in a filter of the live stream) means this kind."""
    wanted = name.removeprefix(_PREFIX)
    if wanted.endswith("*"):
        return kind.startswith(wanted[:-1])
    return wanted == kind
