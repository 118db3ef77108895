"""Rows by name, and their conversion to records and back.

A row class has the columns of one kind of SELECT in `metadata.queries`, in their order.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from metadata.records import (
    NO_EXTRAS,
    OFF,
    Blob,
    Checksum,
    Content,
    Extent,
    Extras,
    Lock,
    NewObject,
    Object,
    Part,
    Properties,
    Upload,
)

Row = tuple[Any, ...]
_NO_EXTRAS: dict[str, Any] = {"tags": None, "acl": None, "lock": None, "encryption": None}


class ObjectRow(NamedTuple):
    """A row of `Objects.get`: a bucket, and the version of a key; `version_id` None: there is none."""

    bucket_id: int
    versioning: str
    version_id: str | None
    data_id: bytes
    etag: str
    size: int
    modified_us: int
    owner: str
    storage_class: str
    checksum_algorithm: str | None
    checksum_type: str | None
    checksum_value: str | None
    attributes: str | None
    parts: int
    blob_id: bytes | None
    blob_offset: int
    rank: int
    tags: str | None
    acl: str | None
    lock: str | None
    encryption: str | None
    blob_size: int
    stripe_bytes: int
    parity: int
    nodes: bytes


class AnnotationRow(NamedTuple):
    """A row of `Annotations.get` and `Annotations.page`: an annotation and its blob."""

    name: str
    etag: str
    size: int
    modified_us: int
    checksum_algorithm: str | None
    checksum_type: str | None
    checksum_value: str | None
    blob_id: bytes
    blob_size: int
    stripe_bytes: int
    parity: int
    nodes: bytes


class RepairRow(NamedTuple):
    """A row of `BlobQueues.repairs`: a missing chunk and its blob."""

    stripe: int
    slot: int
    attempts: int
    blob_id: bytes
    blob_size: int
    stripe_bytes: int
    parity: int
    nodes: bytes


def pack_nodes(nodes: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(nodes)}I", *nodes)


@lru_cache(maxsize=4096)
def unpack_nodes(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 4}I", packed)


def blob_of(row: Row) -> Blob:
    """Make a Blob of the columns BLOB_COLUMNS."""
    blob_id, size, stripe_bytes, parity, nodes = row
    return Blob(blob_id, size, stripe_bytes, parity, unpack_nodes(nodes))


def joined_blob(row: AnnotationRow | RepairRow) -> Blob:
    """Make the Blob that a row is joined with."""
    return Blob(row.blob_id, row.blob_size, row.stripe_bytes, row.parity, unpack_nodes(row.nodes))


def blob_values(blob: Blob) -> dict[str, Any]:
    return {
        "id": blob.id,
        "size": blob.size,
        "stripe_bytes": blob.stripe_bytes,
        "parity": blob.parity,
        "nodes": pack_nodes(blob.nodes),
    }


def checksum_of(algorithm: str | None, kind: str | None, value: str | None) -> Checksum | None:
    return Checksum(algorithm, kind or "", value or "") if algorithm is not None else None


def checksum_values(checksum: Checksum | None) -> dict[str, Any]:
    if checksum is None:
        return {"checksum_algorithm": None, "checksum_type": None, "checksum_value": None}
    return {
        "checksum_algorithm": checksum.algorithm,
        "checksum_type": checksum.type,
        "checksum_value": checksum.value,
    }


def attributes_of(properties: Properties) -> str | None:
    """Return headers and metadata as one JSON text, None if there are none."""
    if not properties.headers and not properties.metadata:
        return None
    return orjson.dumps([properties.headers, properties.metadata]).decode()


def properties_of(attributes: str | None, storage_class: str) -> Properties:
    if attributes is None:
        return Properties({}, {}, storage_class)
    headers, metadata = orjson.loads(attributes)
    return Properties(headers, metadata, storage_class)


def extras_of(tags: str | None, acl: str | None, lock: str | None, encryption: str | None) -> Extras:
    if tags is acl is lock is encryption is None:
        return NO_EXTRAS
    return Extras(_from_json(tags), _from_json(acl), lock_of(lock), _from_json(encryption))


def lock_of(text: str | None) -> Lock | None:
    return None if text is None else Lock(*orjson.loads(text))


def extras_values(extras: Extras) -> dict[str, Any]:
    """Return the columns of an object's extras. Most objects have none: then all are NULL."""
    if extras is NO_EXTRAS:
        return _NO_EXTRAS
    lock = extras.lock
    return {
        "tags": _to_json(extras.tags),
        "acl": _to_json(extras.acl),
        "lock": None if lock is None else _to_json([lock.mode, lock.until_us, lock.hold]),
        "encryption": _to_json(extras.encryption),
    }


def _from_json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _to_json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def object_of(row: ObjectRow, key: str) -> Object:
    """Make the Object of a row whose `version_id` is not None."""
    (bucket_id, versioning, version_id, data_id, etag, size, modified_us, owner, storage_class,
     algorithm, kind, value, attributes, parts, blob_id, blob_offset, _, tags, acl, lock, encryption,
     blob_size, stripe_bytes, parity, nodes) = row  # fmt: skip
    assert version_id is not None
    one = None
    if blob_id is not None:
        one = Extent(
            0, size, Blob(blob_id, blob_size, stripe_bytes, parity, unpack_nodes(nodes)), blob_offset
        )
    return Object(
        bucket_id, key, version_id, data_id, etag, size, modified_us, owner,
        properties_of(attributes, storage_class), checksum_of(algorithm, kind, value), parts, one,
        versioning != OFF, extras_of(tags, acl, lock, encryption),
    )  # fmt: skip


def inline_extent(content: Content) -> tuple[bytes | None, int]:
    """Return the blob and offset for the object's row if its content is one extent, else None and 0."""
    if len(content.extents) != 1:
        return None, 0
    only = content.extents[0]
    return only.blob.id, only.offset


def object_values(
    new: NewObject, *, version_id: str, rank: int, parts: int, blob_id: bytes | None, blob_offset: int
) -> dict[str, Any]:
    """Return all columns of an object's row except the key."""
    return {
        "version_id": version_id,
        "data_id": new.data_id,
        "etag": new.etag,
        "size": new.content.size,
        "modified_us": new.modified_us,
        "owner": new.owner,
        "storage_class": new.properties.storage_class,
        **checksum_values(new.checksum),
        "attributes": attributes_of(new.properties),
        "parts": parts,
        "blob_id": blob_id,
        "blob_offset": blob_offset,
        "rank": rank,
        **extras_values(new.extras),
    }


def extent_of(row: Row) -> Extent:
    """Make an Extent of a row of `Contents.extents`."""
    start, length, blob_offset, *blob = row
    return Extent(start, length, blob_of(tuple(blob)), blob_offset)


def part_of(row: Row) -> Part:
    number, etag, size, modified_us, algorithm, kind, value, start = row
    return Part(number, etag, size, modified_us, checksum_of(algorithm, kind, value), start)


def upload_of(row: Row, bucket: str) -> Upload:
    id_, key, owner, initiated_us, storage_class, algorithm, kind, attributes, initiator, *extras = row
    return Upload(
        id_,
        bucket,
        key,
        owner,
        initiated_us,
        properties_of(attributes, storage_class),
        algorithm,
        kind,
        extras_of(*extras),
        initiator or owner,
    )
