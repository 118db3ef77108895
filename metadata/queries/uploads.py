"""Statements about multipart uploads and parts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    and_,
    cast,
    delete,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy import insert as plain_insert

from metadata.queries.statements import Statement, change, one, rows
from metadata.queries.tables import (
    all_of,
    bucket,
    extent,
    given,
    limited,
    part,
    upload,
)
from metadata.schema import tables

_PART = tuple(part.c[c.name] for c in part.c if c.name != "owner_id")
_FIELDS = tuple(upload.c[name] for name in (
    "id", "key", "owner", "initiated_us", "storage_class", "checksum_algorithm", "checksum_type",
    "attributes", "initiator", "tags", "acl", "lock", "encryption",
))  # fmt: skip
_UPLOAD = and_(
    upload.c.id == given("upload_id"), upload.c.bucket_id == bucket.c.id, upload.c.key == given("key")
)
_starts = (
    select(part.c.number, (func.sum(part.c.size).over(order_by=part.c.number) - part.c.size).label("at"))
    .where(part.c.owner_id == given("parts_id"))
    .subquery("starts")
)


# Literals of a column's width: PostgreSQL would otherwise compute in 32 bits.
_SPAN = literal_column(str(tables.PART_SPAN), BigInteger)
_low = cast(part.c.number, BigInteger) * _SPAN
_of_part = and_(
    extent.c.data_id == given("parts_id"), extent.c.start >= given("low"), extent.c.start < given("high")
)


class Uploads:
    add = change(all_of(upload))
    get = one(
        select(bucket.c.id, *_FIELDS)
        .select_from(bucket.outerjoin(upload, _UPLOAD))
        .where(bucket.c.name == given("bucket"))
    )
    # For a write of a part: its upload, and the part that it replaces.
    head = one(
        select(bucket.c.id, upload.c.parts_id, part.c.number)
        .select_from(
            bucket.outerjoin(upload, _UPLOAD).outerjoin(
                part, and_(part.c.owner_id == upload.c.parts_id, part.c.number == given("number"))
            )
        )
        .where(bucket.c.name == given("bucket"))
    )
    # Serializes parts, completion and abortion of one upload: each takes this lock first.
    lock = one(select(upload.c.parts_id).where(upload.c.id == given("upload_id")).with_for_update())
    remove = change(delete(upload).where(upload.c.id == given("upload_id")))
    add_part = change(all_of(part))
    replace_part = change(
        update(part)
        .where(part.c.owner_id == given("at_owner"), part.c.number == given("at_number"))
        .values({c.name: given(c.name) for c in part.c if c.name not in ("owner_id", "number")})
    )
    parts = rows(
        select(*_PART)
        .where(part.c.owner_id == given("owner_id"), part.c.number > given("after"))
        .order_by(part.c.number)
        .limit(limited())
    )
    parts_of_upload = rows(
        select(*_PART)
        .select_from(part.join(upload, upload.c.parts_id == part.c.owner_id))
        .where(upload.c.id == given("upload_id"), part.c.number > given("after"))
        .order_by(part.c.number)
        .limit(limited())
    )
    one_part = one(
        select(*_PART).where(part.c.owner_id == given("owner_id"), part.c.number == given("number"))
    )
    all_parts = rows(
        select(*part.c["number", "etag", "size", "modified_us"])
        .where(part.c.owner_id == given("owner_id"))
        .order_by(part.c.number)
    )
    remove_part = change(
        delete(part).where(part.c.owner_id == given("owner_id"), part.c.number == given("number"))
    )
    remove_parts = change(delete(part).where(part.c.owner_id == given("owner_id")))
    # Completion: the parts and their extents become the object's.
    move_parts = change(
        plain_insert(part).from_select(
            [c.name for c in part.c],
            select(
                given("data_id", LargeBinary),
                *(part.c[c.name] for c in part.c if c.name not in ("owner_id", "start")),
                _starts.c.at,
            )
            .select_from(part.join(_starts, _starts.c.number == part.c.number))
            .where(part.c.owner_id == given("parts_id")),
        )
    )  # fmt: skip
    move_extents = change(
        plain_insert(extent).from_select(
            [c.name for c in extent.c],
            select(
                given("data_id", LargeBinary),
                part.c.start + extent.c.start - _low,
                *extent.c["length", "blob_id", "blob_offset"],
            )
            .select_from(part)
            .join(extent, and_(extent.c.start >= _low, extent.c.start < _low + _SPAN))
            .where(
                part.c.owner_id == given("data_id", LargeBinary),
                extent.c.data_id == given("parts_id", LargeBinary),
            ),
        )
    )
    part_blobs = rows(select(extent.c.blob_id).where(_of_part))
    remove_part_extents = change(delete(extent).where(_of_part))

    @staticmethod
    def page(*, inclusive: bool, bounded: bool, within_key: bool) -> Statement:
        """Make a statement for uploads by key and id, from `start` on (or after the upload `after_id` of key
        `start`), below `stop`.
        """
        key, start = upload.c.key, given("start")
        if within_key:
            lower = tuple_(key, upload.c.id) > tuple_(start, given("after_id"))
        else:
            lower = key >= start if inclusive else key > start
        conditions = [upload.c.bucket_id == given("bucket_id"), lower]
        conditions += [key < given("stop")] if bounded else []
        return rows(select(*_FIELDS).where(*conditions).order_by(key, upload.c.id).limit(limited()))
