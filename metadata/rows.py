"""Rows to records and back. The order of columns is that of the statements in `metadata.queries`."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import orjson

from metadata.records import Blob, Checksum, Content, Extent, NewObject, Object, Part, Properties, Upload

Row = tuple[Any, ...]
CURRENT = "null"


def pack_nodes(nodes: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(nodes)}I", *nodes)


@lru_cache(maxsize=4096)
def unpack_nodes(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 4}I", packed)


def blob_of(row: Row) -> Blob:
    return Blob(row[0], row[1], row[2], row[3], unpack_nodes(row[4]))


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
    """Headers and metadata as one JSON text; None where there are none."""
    if not properties.headers and not properties.metadata:
        return None
    return orjson.dumps([properties.headers, properties.metadata]).decode()


def properties_of(attributes: str | None, storage_class: str) -> Properties:
    if attributes is None:
        return Properties({}, {}, storage_class)
    headers, metadata = orjson.loads(attributes)
    return Properties(headers, metadata, storage_class)


def object_of(row: Row, key: str) -> Object:
    (bucket_id, version_id, data_id, etag, size, modified_us, owner, storage_class, algorithm, kind, value,
     attributes, parts, blob_id, blob_offset, blob_size, stripe_bytes, parity, nodes) = row  # fmt: skip
    one = None
    if blob_id is not None:
        one = Extent(
            0, size, Blob(blob_id, blob_size, stripe_bytes, parity, unpack_nodes(nodes)), blob_offset
        )
    return Object(
        bucket_id, key, version_id, data_id, etag, size, modified_us, owner,
        properties_of(attributes, storage_class), checksum_of(algorithm, kind, value), parts, one,
    )  # fmt: skip


def inline_extent(content: Content) -> tuple[bytes | None, int]:
    """The blob and offset that an object's own row names, where its content is one extent."""
    if len(content.extents) != 1:
        return None, 0
    only = content.extents[0]
    return only.blob.id, only.offset


def object_values(new: NewObject, *, parts: int, blob_id: bytes | None, blob_offset: int) -> dict[str, Any]:
    """All columns but the key."""
    return {
        "version_id": CURRENT,
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
    }


def extent_of(row: Row) -> Extent:
    return Extent(row[0], row[1], blob_of(row[3:]), row[2])


def part_of(row: Row) -> Part:
    number, etag, size, modified_us, algorithm, kind, value, start = row
    return Part(number, etag, size, modified_us, checksum_of(algorithm, kind, value), start)


def upload_of(row: Row, bucket: str) -> Upload:
    id_, key, owner, initiated_us, storage_class, algorithm, kind, attributes = row
    properties = properties_of(attributes, storage_class)
    return Upload(id_, bucket, key, owner, initiated_us, properties, algorithm, kind)
