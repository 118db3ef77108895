"""Statements about annotations."""

from __future__ import annotations

from sqlalchemy import BigInteger, and_, delete, exists, func, not_, select, update

from metadata.queries.statements import change, one, rows
from metadata.queries.tables import ALL_TABLES, BLOB_COLUMNS, all_of, blob, given, limited, object_, version

annotation = ALL_TABLES["annotation"]
_TEXT = tuple(
    annotation.c[name]
    for name in (
        "name", "etag", "size", "modified_us", "checksum_algorithm", "checksum_type", "checksum_value",
    )
)  # fmt: skip
_OF_VERSION = and_(
    annotation.c.bucket_id == given("bucket_id"),
    annotation.c.key == given("key"),
    annotation.c.data_id == given("data_id"),
)
_THE_ANNOTATION = and_(_OF_VERSION, annotation.c.name == given("name"))
_JOINED = annotation.join(blob, blob.c.id == annotation.c.blob_id)
_NOT_KEY = [c.name for c in annotation.c if c.name not in ("bucket_id", "key", "data_id", "name")]


def _version_exists(table: object) -> object:
    columns = table.c  # type: ignore[attr-defined]
    return exists().where(
        columns.bucket_id == annotation.c.bucket_id,
        columns.key == annotation.c.key,
        columns.data_id == annotation.c.data_id,
    )


class Annotations:
    get = one(select(*_TEXT, *BLOB_COLUMNS).select_from(_JOINED).where(_THE_ANNOTATION))
    count = one(select(func.count()).select_from(annotation).where(_OF_VERSION))
    page = rows(
        select(*_TEXT, *BLOB_COLUMNS)
        .select_from(_JOINED)
        .where(_OF_VERSION, annotation.c.name > given("after"), annotation.c.name >= given("prefix"))
        .order_by(annotation.c.name)
        .limit(limited())
    )
    add = change(all_of(annotation))
    replace = change(
        update(annotation)
        .where(
            annotation.c.bucket_id == given("at_bucket"),
            annotation.c.key == given("at_key"),
            annotation.c.data_id == given("at_data"),
            annotation.c.name == given("at_name"),
            annotation.c.blob_id == given("at_blob"),
        )
        .values({name: given(name) for name in _NOT_KEY})
    )
    remove = change(delete(annotation).where(_THE_ANNOTATION, annotation.c.blob_id == given("at_blob")))
    # Annotations of deleted versions.
    dead = rows(
        select(*annotation.c["bucket_id", "key", "data_id", "name", "blob_id"])
        .where(not_(_version_exists(object_)), not_(_version_exists(version)))  # type: ignore[call-overload]
        .limit(given("limit", BigInteger))
    )
