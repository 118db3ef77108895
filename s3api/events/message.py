"""Event messages: the JSON that targets receive, in AWS's format.

"Event message structure" in the User Guide. eventVersion is 2.1, and 2.3 for newer event types. Keys are
URL-encoded with "+" for a space, as on AWS. `sequencer` orders the events of one key: hexadecimal of fixed
length, so that it compares as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson

TEST_EVENT = "TestEvent"
_LATER = (
    "LifecycleExpiration",
    "LifecycleTransition",
    "IntelligentTiering",
    "ObjectAcl",
    "ObjectAnnotation",
    "ObjectRetention",
    "ObjectTagging",
    "ObjectRestore:Delete",
)
# The object no longer exists: these have neither size nor ETag.
_GONE = ("ObjectRemoved", "LifecycleExpiration", "ReducedRedundancyLostObject")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one object, also the outbox's stored form.

    `sequence` increases with each event of a key. `requester`: canonical id of the caller, "" for changes by
    the store itself. `version_id`: "" in an unversioned bucket.
    """

    sequence: int
    kind: str
    bucket: str
    bucket_owner: str
    region: str
    key: str
    occurred_us: int
    size: int | None = None
    etag: str | None = None
    version_id: str = ""
    requester: str = ""
    source_ip: str = ""
    request_id: str = ""
    configuration_id: str = ""


def record(event: Event, *, host_id: str) -> dict[str, Any]:
    """Return the record of an event, an element of `Records`."""
    return {
        "eventVersion": "2.3" if event.kind.startswith(_LATER) else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": event.region,
        "eventTime": _iso(event.occurred_us),
        "eventName": event.kind,
        "userIdentity": {"principalId": event.requester or "s3.amazonaws.com"},
        "requestParameters": {"sourceIPAddress": event.source_ip or "s3.amazonaws.com"},
        "responseElements": {"x-amz-request-id": event.request_id, "x-amz-id-2": host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": event.configuration_id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": event.bucket_owner},
                "arn": f"arn:aws:s3:::{event.bucket}",
            },
            "object": _object(event),
        },
    }


def message(event: Event, *, host_id: str) -> dict[str, Any]:
    """Return the message that a target receives for an event."""
    if event.kind == TEST_EVENT:
        return _test_event_message(event, host_id=host_id)
    return {"Records": [record(event, host_id=host_id)]}


def event_to_json(event: Event) -> str:
    """Return an event as stored in the outbox, which assigns its sequence."""
    return orjson.dumps(event).decode()


def parse_event(sequence: int, document: str) -> Event:
    """Parse an event from the outbox."""
    return Event(**orjson.loads(document) | {"sequence": sequence})


def _test_event_message(event: Event, *, host_id: str) -> dict[str, Any]:
    """Return the s3:TestEvent message, sent to the targets of a new notification configuration."""
    return {
        "Service": "Amazon S3",
        "Event": f"s3:{TEST_EVENT}",
        "Time": _iso(event.occurred_us),
        "Bucket": event.bucket,
        "RequestId": event.request_id,
        "HostId": host_id,
    }


def _object(event: Event) -> dict[str, Any]:
    out: dict[str, Any] = {"key": quote_plus(event.key)}
    if not event.kind.startswith(_GONE):
        if event.size is not None:
            out["size"] = event.size
        if event.etag is not None:
            out["eTag"] = event.etag
    if event.version_id:
        out["versionId"] = event.version_id
    out["sequencer"] = f"{event.sequence:018X}"
    return out


def _iso(at_us: int) -> str:
    when = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{at_us // 1000 % 1000:03d}Z"
