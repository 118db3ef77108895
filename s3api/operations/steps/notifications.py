"""Event notifications of a change: made here, stored in the outbox by the transaction of the change.

A bucket without a notification configuration has no event maker (`emit` is None), and no cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metadata.bucket_settings import BucketSettings
from metadata.records import Bucket, Emit, NewEvent
from s3api.events.message import Event, event_to_json
from s3api.events.subscriptions import Subscriptions
from s3api.operations.call import Call

KIND = "Notification"
REMOVED = "ObjectRemoved"
SUFFIXED = frozenset({REMOVED, "LifecycleExpiration"})
_DELETED, _MARKER_CREATED = ":Delete", ":DeleteMarkerCreated"


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Makes the events of one change.

    A kind in SUFFIXED gets ":Delete" or ":DeleteMarkerCreated", by what the delete did.
    """

    subscriptions: Subscriptions
    bucket: Bucket
    kind: str
    now_us: int
    requester: str = ""
    remote: str = ""
    request_id: str = ""

    def __call__(
        self, key: str, version_id: str | None, etag: str | None, size: int | None, marker: bool
    ) -> Sequence[NewEvent]:
        kind = self.kind
        if kind in SUFFIXED:
            kind += _MARKER_CREATED if marker else _DELETED
        event = Event(
            sequence=0,
            kind=kind,
            bucket=self.bucket.name,
            bucket_owner=self.bucket.owner,
            region=self.bucket.region,
            key=key,
            occurred_us=self.now_us,
            size=size,
            etag=etag,
            version_id=version_id or "",
            requester=self.requester,
            source_ip=self.remote,
            request_id=self.request_id,
        )
        matches = self.subscriptions.match(kind, key)
        return [
            NewEvent(target, self.now_us, event_to_json(replace(event, configuration_id=id_)))
            for target, id_ in matches
        ]


def event_maker(call: Call, kind: str) -> Emit | None:
    """Return the event maker for a request, None if the bucket has no notification configuration."""
    subscriptions = call.settings.parse(KIND, Subscriptions.parse)
    if subscriptions is None or call.bucket is None:
        return None
    request = call.request
    client = request.source_ip or ""
    return EventMaker(subscriptions, call.bucket, kind, call.now_us, call.owner, client, request.request_id)


def upload_event_maker(call: Call) -> Emit | None:
    """Return the event maker for PutObject, also when it stores the file of a browser form."""
    posted = call.request.operation == "PostObject"
    return event_maker(call, "ObjectCreated:Post" if posted else "ObjectCreated:Put")


def store_event_maker(bucket: Bucket, settings: BucketSettings, kind: str, *, now_us: int) -> Emit | None:
    """Return the event maker for changes that the store makes itself, such as lifecycle actions."""
    subscriptions = settings.parse(KIND, Subscriptions.parse)
    return None if subscriptions is None else EventMaker(subscriptions, bucket, kind, now_us)
