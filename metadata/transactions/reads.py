"""Transactions that only read, except listings."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.errors import (
    BlobGone,
    IsDeleteMarker,
    KeyDeleted,
    NoSuchAccessKey,
    NoSuchBucket,
    NoSuchKey,
    NoSuchUpload,
    NoSuchVersion,
)
from metadata.queries.buckets import Buckets
from metadata.queries.contents import Contents
from metadata.queries.maintenance import QUEUES, AccessKeys, BlobQueues, Nodes, Server
from metadata.queries.objects import Objects
from metadata.queries.statements import Transaction
from metadata.queries.uploads import Uploads
from metadata.queries.versions import Versions
from metadata.records import (
    OFF,
    AccessKey,
    Bucket,
    Extent,
    MissingChunk,
    NodeRow,
    Object,
    Part,
    Repair,
    Replication,
    Upload,
)
from metadata.rows import ObjectRow, RepairRow, Row, extent_of, joined_blob, object_of, part_of, upload_of
from metadata.schema.migrate import DISTRIBUTED
from metadata.transactions.current import NewestVersion


def get_bucket(name: str) -> Transaction[Bucket]:
    row = yield Buckets.get(bucket=name)
    if row is None:
        raise NoSuchBucket
    return Bucket(*row)


def get_object(bucket: str, key: str, version_id: str | None) -> Transaction[Object]:
    row = yield Objects.get(bucket=bucket, key=key)
    if row is None:
        raise NoSuchBucket
    current = ObjectRow(*row)
    if current.version_id is not None and version_id in (None, current.version_id):
        return object_of(current, key)
    if version_id is not None:
        return (yield from _noncurrent(bucket, key, version_id))
    if current.versioning != OFF:
        newest = yield Versions.newest(bucket_id=current.bucket_id, key=key)
        if newest is not None:
            raise KeyDeleted(NewestVersion(*newest).version_id)
    raise NoSuchKey


def _noncurrent(bucket: str, key: str, version_id: str) -> Transaction[Object]:
    row = yield Versions.get(bucket=bucket, key=key, version_id=version_id)
    if row is None:
        raise NoSuchBucket
    *columns, delete_marker = row
    version = ObjectRow(*columns)
    if version.version_id is None:
        raise NoSuchVersion
    found = object_of(version, key)
    if delete_marker:
        raise IsDeleteMarker(found.version_id, found.modified_us)
    return found


def extents(data_id: bytes, start: int, stop: int) -> Transaction[list[Extent]]:
    found: list[Row] = yield Contents.extents(data_id=data_id, start=start, stop=stop)
    if not found and start < stop:
        raise BlobGone
    return [extent_of(row) for row in found]


def get_upload(bucket: str, key: str, upload_id: str) -> Transaction[Upload]:
    row = yield Uploads.get(bucket=bucket, key=key, upload_id=upload_id)
    if row is None:
        raise NoSuchBucket
    _, *columns = row
    if columns[0] is None:  # the bucket is there, the upload is not
        raise NoSuchUpload
    return upload_of(tuple(columns), bucket)


def object_parts(data_id: bytes, after: int, limit: int) -> Transaction[list[Part]]:
    found = yield Uploads.parts(owner_id=data_id, after=after, limit=limit)
    return [part_of(row) for row in found]


def object_part(data_id: bytes, number: int) -> Transaction[Part | None]:
    row = yield Uploads.one_part(owner_id=data_id, number=number)
    return None if row is None else part_of(row)


def list_parts(upload_id: str, after: int, limit: int) -> Transaction[list[Part]]:
    found = yield Uploads.parts_of_upload(upload_id=upload_id, after=after, limit=limit)
    return [part_of(row) for row in found]


def known_blobs(ids: Sequence[bytes]) -> Transaction[set[bytes]]:
    found = yield BlobQueues.known.each({"id": id_} for id_ in ids)
    return {id_ for id_, row in zip(ids, found, strict=True) if row}


def stale_pending(before_us: int, limit: int) -> Transaction[list[bytes]]:
    found = yield BlobQueues.stale(before_us=before_us, limit=limit)
    return [blob_id for (blob_id,) in found]


def repairs(now_us: int, limit: int) -> Transaction[list[Repair]]:
    found = yield BlobQueues.repairs(now_us=now_us, limit=limit)
    due = [RepairRow(*row) for row in found]
    return [Repair(MissingChunk(r.blob_id, r.stripe, r.slot), joined_blob(r), r.attempts) for r in due]


def nodes() -> Transaction[list[NodeRow]]:
    found = yield Nodes.all()
    return [NodeRow(*row) for row in found]


def access_key(name: str) -> Transaction[AccessKey]:
    row = yield AccessKeys.get(access_key=name)
    if row is None:
        raise NoSuchAccessKey
    return AccessKey(*row)


def access_keys() -> Transaction[list[AccessKey]]:
    found = yield AccessKeys.all()
    return [AccessKey(*row) for row in found]


def ping() -> Transaction[None]:
    yield Nodes.ping()


def replication() -> Transaction[Replication | None]:
    """None where there is no PostgreSQL that could have copies: its distributed relatives do it their way."""
    (version,) = yield Server.version()
    if not version or any(name in version for name in DISTRIBUTED):
        return None
    row = yield Server.replication()
    return Replication(*row)


def queue_lengths(most: int) -> Transaction[dict[str, int]]:
    lengths = {}
    for name, length in QUEUES.items():
        (lengths[name],) = yield length(most=most)
    return lengths
