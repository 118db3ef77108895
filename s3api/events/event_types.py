"""AWS's event types, and the wildcards in configurations.

A type is written as in a message's `eventName` ("ObjectCreated:Put"); configurations put "s3:" before it
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
    """Whether a configuration may ask for it: a type, or all of a group ("s3:ObjectCreated:*")."""
    return name.startswith(_PREFIX) and name.removeprefix(_PREFIX) in _PATTERNS


def matches_event_type(name: str, kind: str) -> bool:
    """Whether a pattern of a configuration, or of a filter on the live stream, matches an event type."""
    pattern = name.removeprefix(_PREFIX)
    if pattern.endswith("*"):
        return kind.startswith(pattern[:-1])
    return pattern == kind
