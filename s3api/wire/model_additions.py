"""Operations and members that other S3 stores add to AWS's model, in the model's format.

Ceph's bucket logging: LoggingType Journal (a short log of changes only), ObjectRollTime (when to start a new
log object), Filter (which keys to log), and PostBucketLogging (deliver the collected log now).
https://docs.ceph.com/en/latest/radosgw/bucket_logging/ - clients that send none of this see no difference.
"""

from __future__ import annotations

from typing import Any

_BUCKET = {"shape": "BucketName", "location": "uri", "locationName": "Bucket"}
_FLUSHED = {"type": "structure", "members": {"FlushedLoggingObject": {"shape": "ObjectKey"}}}
SHAPES: dict[str, dict[str, Any]] = {
    "LoggingEnabled": {
        "members": {
            "LoggingType": {"shape": "LoggingType"},
            "ObjectRollTime": {"shape": "Seconds"},
            "RecordsBatchSize": {"shape": "RecordsBatchSize"},
            "Filter": {"shape": "NotificationConfigurationFilter"},
        }
    },
    "LoggingType": {"type": "string", "enum": ["Standard", "Journal"]},
    "Seconds": {"type": "integer"},
    "RecordsBatchSize": {"type": "integer"},
    "PutBucketLoggingOutput": _FLUSHED,
    "PostBucketLoggingOutput": _FLUSHED,
    "PostBucketLoggingRequest": {"type": "structure", "required": ["Bucket"], "members": {"Bucket": _BUCKET}},
}
OPERATIONS: dict[str, dict[str, Any]] = {
    "PutBucketLogging": {"output": {"shape": "PutBucketLoggingOutput"}},
    "PostBucketLogging": {
        "name": "PostBucketLogging",
        "http": {"method": "POST", "requestUri": "/{Bucket}?logging"},
        "input": {"shape": "PostBucketLoggingRequest"},
        "output": {"shape": "PostBucketLoggingOutput"},
    },
}


def with_additions(model: dict[str, Any]) -> dict[str, Any]:
    """Add SHAPES and OPERATIONS to AWS's model, in place, and return it."""
    for name, shape in SHAPES.items():
        known = model["shapes"].setdefault(name, {})
        known.update(shape | {"members": known.get("members", {}) | shape.get("members", {})})
    for name, operation in OPERATIONS.items():
        model["operations"].setdefault(name, {}).update(operation)
    return model
