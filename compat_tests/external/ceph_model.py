"""What Ceph adds to botocore's model of S3, as far as the endpoint serves it: its clients name this in a file
that botocore merges into the model, and ceph/s3-tests leaves tests out where the client does not have it.

https://docs.ceph.com/en/latest/radosgw/s3/python/ (Using the boto3 client with extensions)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FLUSHED = {"type": "structure", "members": {"FlushedLoggingObject": {"shape": "ObjectKey"}}}
MODEL: dict[str, Any] = {
    "version": 1.0,
    "merge": {
        "operations": {
            "PutBucketLogging": {"output": {"shape": "PutBucketLoggingOutput"}},
            "PostBucketLogging": {
                "name": "PostBucketLogging",
                "http": {"method": "POST", "requestUri": "/{Bucket}?logging"},
                "input": {"shape": "PostBucketLoggingRequest"},
                "output": {"shape": "PostBucketLoggingOutput"},
            },
        },
        "shapes": {
            "LoggingEnabled": {
                "members": {
                    "LoggingType": {"shape": "LoggingType"},
                    "ObjectRollTime": {"shape": "Seconds"},
                    "RecordsBatchSize": {"shape": "RecordsBatchSize"},
                    "Filter": {"shape": "NotificationConfigurationFilter"},
                }
            },
            "Expires": {"type": "timestamp"},  # botocore's own such file, in whose place this one is read
            "LoggingType": {"type": "string", "enum": ["Standard", "Journal"]},
            "Seconds": {"type": "integer"},
            "RecordsBatchSize": {"type": "integer"},
            "PutBucketLoggingOutput": _FLUSHED,
            "PostBucketLoggingOutput": _FLUSHED,
            "PostBucketLoggingRequest": {
                "type": "structure",
                "required": ["Bucket"],
                "members": {
                    "Bucket": {
                        "shape": "BucketName",
                        "location": "uri",
                        "locationName": "Bucket",
                        "contextParam": {"name": "Bucket"},  # else botocore leaves it out of the URL
                    },
                },
            },
        },
    },
}


def write(directory: Path) -> Path:
    """The file below `directory`, which is what AWS_DATA_PATH is to name."""
    path = directory / "s3" / "2006-03-01" / "service-2.sdk-extras.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(MODEL))
    return directory
