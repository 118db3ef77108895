"""Every statement about buckets, objects, content and uploads, by the name under which transactions use it.

Writes check themselves: an UPDATE or DELETE names the `data_id` or the reference count that the transaction
has read, so that another gateway's write in between shows as a row count of zero, on any isolation level,
without a lock held from the read on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    LargeBinary,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import Insert, insert

from metadata.queries.statements import Statement, change, one, rows
from metadata.records import OFF
from metadata.schema import tables

# Inserts are built by PostgreSQL's construct: its ON CONFLICT is SQLite's too.

ALL_TABLES = tables.Base.metadata.tables
bucket, object_, extent, blob = (ALL_TABLES[name] for name in ("bucket", "object", "extent", "blob"))
garbage, pending, repair, upload, part = (
    ALL_TABLES[name] for name in ("garbage", "pending", "repair", "upload", "part")
)
staged = ALL_TABLES["staged"]
version, bucket_config = ALL_TABLES["version"], ALL_TABLES["bucket_config"]
_BLOB = (blob.c.id, blob.c.size, blob.c.stripe_bytes, blob.c.parity, blob.c.nodes)
_CHECKSUM = ("checksum_algorithm", "checksum_type", "checksum_value")


def given(name: str, kind: Any = None) -> Any:
    return bindparam(name, type_=kind)


def all_of(table: Table) -> Insert:
    """INSERT of a whole row, which does nothing where the key is there."""
    return insert(table).values({c.name: given(c.name, c.type) for c in table.c}).on_conflict_do_nothing()


def limited(name: str = "limit") -> Any:
    return given(name, Integer)


# --- buckets ---------------------------------------------------------------------------------


_BUCKET = bucket.c["id", "name", "region", "owner", "created_us", "versioning", "revision"]
_put_config = insert(bucket_config).values({c.name: given(c.name) for c in bucket_config.c})


class B:
    get = one(select(*_BUCKET).where(bucket.c.name == given("bucket")))
    id = one(select(bucket.c.id).where(bucket.c.name == given("bucket")))
    add = one(
        insert(bucket)
        .values({name: given(name) for name in ("name", "region", "owner", "created_us", "versioning")})
        .on_conflict_do_nothing()
        .returning(bucket.c.id),
        writes=True,
    )
    # The lock keeps other gateways' objects out between the look and the deletion (their foreign keys want
    # the row).
    lock = one(select(bucket.c.id).where(bucket.c.name == given("bucket")).with_for_update())
    any_object = one(
        select(literal_column("1"))
        .select_from(object_)
        .where(object_.c.bucket_id == given("bucket_id"))
        .limit(1)
    )
    any_version = one(
        select(literal_column("1"))
        .select_from(version)
        .where(version.c.bucket_id == given("bucket_id"))
        .limit(1)
    )
    # Among those who write where no object is to be locked: a bucket's new keys and its delete markers.
    exclusive = one(
        select(bucket.c.id).where(bucket.c.id == given("bucket_id")).with_for_update(key_share=True)
    )
    changed = change(
        update(bucket)
        .where(bucket.c.id == given("bucket_id"))
        .values(
            revision=bucket.c.revision + literal_column("1"),
            versioning=func.coalesce(given("new_versioning", bucket.c.versioning.type), bucket.c.versioning),
        )
    )
    configs = rows(
        select(*bucket_config.c["kind", "id", "document"])
        .where(bucket_config.c.bucket_id == given("bucket_id"))
        .order_by(bucket_config.c.kind, bucket_config.c.id)
    )
    put_config = change(
        _put_config.on_conflict_do_update(
            index_elements=["bucket_id", "kind", "id"], set_={"document": _put_config.excluded.document}
        )
    )
    remove_config = change(
        delete(bucket_config).where(
            bucket_config.c.bucket_id == given("bucket_id"),
            bucket_config.c.kind == given("kind"),
            bucket_config.c.id == given("id", bucket_config.c.id.type),
        )
    )
    remove_configs = change(delete(bucket_config).where(bucket_config.c.bucket_id == given("bucket_id")))
    uploads = rows(select(upload.c.id, upload.c.parts_id).where(upload.c.bucket_id == given("bucket_id")))
    remove = change(delete(bucket).where(bucket.c.id == given("bucket_id")))

    @staticmethod
    def page(*, owner: bool, region: bool, bounded: bool) -> Statement:
        conditions: list[ColumnElement[bool]] = [
            bucket.c.name > given("after"),
            bucket.c.name >= given("prefix"),
        ]
        conditions += [bucket.c.owner == given("owner")] if owner else []
        conditions += [bucket.c.region == given("region")] if region else []
        conditions += [bucket.c.name < given("stop")] if bounded else []
        return rows(select(*_BUCKET).where(*conditions).order_by(bucket.c.name).limit(limited()))


# --- objects ---------------------------------------------------------------------------------

# What may change of a version while it lasts.
ALTERABLE = ("storage_class", "attributes", "tags", "acl", "lock", "encryption")
_HERE = and_(object_.c.bucket_id == given("bucket_id"), object_.c.key == given("key"))
_SAME = and_(
    object_.c.bucket_id == given("at_bucket"),
    object_.c.key == given("at_key"),
    object_.c.data_id == given("at_data"),
)
_JOINED = bucket.outerjoin(object_, and_(object_.c.bucket_id == bucket.c.id, object_.c.key == given("key")))
_LISTED = object_.c[
    "key", "etag", "size", "modified_us", "storage_class", "owner", "checksum_algorithm", "checksum_type"
]
# As `transactions.objects.Current` has them.
CONTENT = ("data_id", "etag", "size", "modified_us", "parts", "blob_id", "version_id", "rank", "lock")
_CONTENT = object_.c[CONTENT]


class O:  # noqa: E742 - read as O.get, O.head, beside B and U
    get = one(
        select(
            bucket.c.id,
            bucket.c.versioning,
            *(object_.c[c.name] for c in object_.c if c.name not in ("bucket_id", "key")),
            *(c.label(f"blob_{c.name}_") for c in _BLOB[1:]),
        )
        .select_from(_JOINED.outerjoin(blob, blob.c.id == object_.c.blob_id))
        .where(bucket.c.name == given("bucket"))
    )
    # With the question whether a blob has an intent: the usual write has none, and is spared the DELETE.
    head = one(
        select(
            bucket.c.id,
            bucket.c.versioning,
            *_CONTENT,
            exists().where(pending.c.blob_id == given("blob_id", LargeBinary)),
        )
        .select_from(_JOINED)
        .where(bucket.c.name == given("bucket"))
    )
    content = one(select(*_CONTENT).where(_HERE))
    add = change(all_of(object_))
    # A key that is not there, in a bucket without versioning: what a write need not look at first.
    add_new = change(
        insert(object_)
        .from_select(
            [c.name for c in object_.c],
            select(bucket.c.id, *(given(c.name, c.type) for c in object_.c if c.name != "bucket_id")).where(
                bucket.c.name == given("bucket"), bucket.c.versioning == literal_column(f"'{OFF}'")
            ),
        )
        .on_conflict_do_nothing()
    )
    replace = change(
        update(object_)
        .where(_SAME)
        .values({c.name: given(c.name) for c in object_.c if c.name not in ("bucket_id", "key")})
    )
    remove = one(delete(object_).where(_SAME).returning(object_.c.data_id), writes=True)
    # Where a lock may be set meanwhile: it is another one then.
    remove_as_locked = one(
        delete(object_)
        .where(_SAME, func.coalesce(object_.c.lock, literal_column("''")) == given("at_lock"))
        .returning(object_.c.data_id),
        writes=True,
    )
    lock = one(select(object_.c.data_id).where(_HERE).with_for_update())
    alter = change(update(object_).where(_SAME).values({name: given("new_" + name) for name in ALTERABLE}))

    @staticmethod
    def page(*, inclusive: bool, bounded: bool) -> Statement:
        """Keys from `start` on (itself only when inclusive), below `stop` when bounded, in byte order."""
        key, start = object_.c.key, given("start")
        conditions = [object_.c.bucket_id == given("bucket_id"), key >= start if inclusive else key > start]
        conditions += [key < given("stop")] if bounded else []
        return rows(select(*_LISTED).where(*conditions).order_by(key).limit(limited()))


# --- content: extents and references -----------------------------------------------------------

_OWNED = extent.c.data_id == given("data_id")
_counts = (
    select(extent.c.blob_id, func.count().label("n"))
    .where(_OWNED)
    .group_by(extent.c.blob_id)
    .subquery("counts")
)
_named = blob.c.id.in_(select(extent.c.blob_id).where(_OWNED))
_GARBAGE = ("id", "size", "stripe_bytes", "parity", "nodes", "since_us", "retry_us", "attempts")


class C:
    add_blob = change(all_of(blob))
    share = change(
        update(blob).where(blob.c.id == given("blob_id")).values(refs=blob.c.refs + given("n", BigInteger))
    )
    stage = change(all_of(staged))
    alive = one(select(literal_column("1")).select_from(blob).where(blob.c.id == given("blob_id")))
    bury = one(
        delete(blob).where(blob.c.id == given("blob_id"), blob.c.refs == given("refs")).returning(*_BLOB),
        writes=True,
    )
    release = one(
        update(blob).where(blob.c.id == given("blob_id")).values(refs=blob.c.refs - 1).returning(blob.c.refs),
        writes=True,
    )
    add_garbage = change(plain_insert(garbage).values({name: given(name) for name in _GARBAGE}))
    add_extent = change(plain_insert(extent).values({c.name: given(c.name) for c in extent.c}))
    extents = rows(
        select(extent.c.start, extent.c.length, extent.c.blob_offset, *_BLOB)
        .select_from(extent.join(blob, blob.c.id == extent.c.blob_id))
        .where(
            _OWNED,
            extent.c.start < given("stop", BigInteger),
            extent.c.start
            >= func.coalesce(
                select(func.max(extent.c.start).label("low"))
                .where(_OWNED, extent.c.start <= given("start", BigInteger))
                .correlate(None)
                .scalar_subquery(),
                0,
            ),
        )
        .order_by(extent.c.start)
    )
    # The extents of one `data_id`, however many, in one statement each.
    release_all = change(
        update(blob).where(blob.c.id == _counts.c.blob_id).values(refs=blob.c.refs - _counts.c.n)
    )
    bury_all = change(
        plain_insert(garbage).from_select(
            _GARBAGE,
            select(*_BLOB, given("since_us", BigInteger), literal_column("0"), literal_column("0")).where(
                _named, blob.c.refs == literal_column("0")
            ),
        )
    )
    remove_dead = change(delete(blob).where(_named, blob.c.refs == literal_column("0")))
    remove_extents = change(delete(extent).where(_OWNED))
    remove_intent = change(delete(pending).where(pending.c.blob_id == given("blob_id")))
    add_repair = change(all_of(repair))


# --- uploads and parts --------------------------------------------------------------------------

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


# Literals, and as wide as a column: PostgreSQL would compute in 32 bits.
_SPAN = literal_column(str(tables.PART_SPAN), BigInteger)
_low = cast(part.c.number, BigInteger) * _SPAN
_of_part = and_(
    extent.c.data_id == given("parts_id"), extent.c.start >= given("low"), extent.c.start < given("high")
)


class U:
    add = change(all_of(upload))
    get = one(
        select(bucket.c.id, *_FIELDS)
        .select_from(bucket.outerjoin(upload, _UPLOAD))
        .where(bucket.c.name == given("bucket"))
    )
    # For a write to a part: the upload, and the part as it is.
    head = one(
        select(bucket.c.id, upload.c.parts_id, part.c.number)
        .select_from(
            bucket.outerjoin(upload, _UPLOAD).outerjoin(
                part, and_(part.c.owner_id == upload.c.parts_id, part.c.number == given("number"))
            )
        )
        .where(bucket.c.name == given("bucket"))
    )
    # Parts, completion and abortion of one upload, one after the other: each begins by this lock.
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
        """Uploads by key and id, from `start` on (or after the upload `after_id` of key `start`), below
        `stop`.
        """
        key, start = upload.c.key, given("start")
        if within_key:
            lower = tuple_(key, upload.c.id) > tuple_(start, given("after_id"))
        else:
            lower = key >= start if inclusive else key > start
        conditions = [upload.c.bucket_id == given("bucket_id"), lower]
        conditions += [key < given("stop")] if bounded else []
        return rows(select(*_FIELDS).where(*conditions).order_by(key, upload.c.id).limit(limited()))
