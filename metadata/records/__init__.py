"""Records that the metadata store takes and returns: plain and frozen, no SQL, no I/O.

Times are integers, microseconds since 1970 UTC (`_us`). Sizes are bytes. Ids of blobs and of data are 16 raw
bytes (UUIDv7: they sort by time). Keys are str and compare as their UTF-8 bytes.
"""

from __future__ import annotations

from metadata.records.accounts import AccessKey, Account, IamUser, Identity
from metadata.records.blobs import Blob, Content, Extent, Garbage, MissingChunk, Repair, Staged
from metadata.records.buckets import ENABLED, OFF, SUSPENDED, Bucket
from metadata.records.deletes import NO_CONDITIONS, Conditions, Deleted, DeleteRequest
from metadata.records.events import DeadLetter, Emit, NewEvent, OutboxEvent
from metadata.records.listings import Listed, ListedVersion, Page, UploadPage, VersionPage, Walked
from metadata.records.nodes import NodeRow, Replication
from metadata.records.objects import (
    NO_EXTRAS,
    NULL_VERSION,
    Annotation,
    Checksum,
    Extras,
    Lock,
    NewAnnotation,
    NewObject,
    Object,
    Properties,
)
from metadata.records.uploads import Part, Upload

__all__ = [
    "ENABLED",
    "NO_CONDITIONS",
    "NO_EXTRAS",
    "NULL_VERSION",
    "OFF",
    "SUSPENDED",
    "AccessKey",
    "Account",
    "Annotation",
    "Blob",
    "Bucket",
    "Checksum",
    "Conditions",
    "Content",
    "DeadLetter",
    "DeleteRequest",
    "Deleted",
    "Emit",
    "Extent",
    "Extras",
    "Garbage",
    "IamUser",
    "Identity",
    "Listed",
    "ListedVersion",
    "Lock",
    "MissingChunk",
    "NewAnnotation",
    "NewEvent",
    "NewObject",
    "NodeRow",
    "Object",
    "OutboxEvent",
    "Page",
    "Part",
    "Properties",
    "Repair",
    "Replication",
    "Staged",
    "Upload",
    "UploadPage",
    "VersionPage",
    "Walked",
]
