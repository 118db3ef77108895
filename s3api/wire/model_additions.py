"""What S3 stores have beside AWS's model, in the model's own words: operations, and members of its shapes.

Ceph's bucket logging: a log of changes alone in a short form (LoggingType Journal), when a log object is full
(ObjectRollTime), whose records (Filter), and PostBucketLogging, which delivers at once what is collected.
https://docs.ceph.com/en/latest/radosgw/bucket_logging/ - who sends none of this sees nothing of it.
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


def added(model: dict[str, Any]) -> dict[str, Any]:
    """AWS's model with all of it."""
    for name, shape in SHAPES.items():
        known = model["shapes"].setdefault(name, {})
        known.update(shape | {"members": known.get("members", {}) | shape.get("members", {})})
    for name, operation in OPERATIONS.items():
        model["operations"].setdefault(name, {}).update(operation)
    return model
