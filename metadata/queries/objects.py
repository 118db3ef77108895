"""Statements about current objects.

Writes in this package are conditional: an UPDATE or DELETE names the `data_id` or reference count that the
transaction has read. A write of another gateway in between therefore shows as a row count of zero, on any
isolation level, without a lock held from the read on.
"""

from __future__ import annotations

from sqlalchemy import (
    LargeBinary,
    and_,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import Statement, change, one, rows
from metadata.queries.tables import (
    BLOB_COLUMNS,
    all_of,
    blob,
    bucket,
    given,
    limited,
    object_,
    pending,
)
from metadata.records import OFF

# Columns of a version that may change after its creation.
ALTERABLE = ("storage_class", "attributes", "tags", "acl", "lock", "encryption")
_HERE = and_(object_.c.bucket_id == given("bucket_id"), object_.c.key == given("key"))
SAME_OBJECT = and_(
    object_.c.bucket_id == given("at_bucket"),
    object_.c.key == given("at_key"),
    object_.c.data_id == given("at_data"),
)
_JOINED = bucket.outerjoin(object_, and_(object_.c.bucket_id == bucket.c.id, object_.c.key == given("key")))
_LISTED = object_.c[
    "key", "etag", "size", "modified_us", "storage_class", "owner", "checksum_algorithm", "checksum_type"
]
# The fields of `transactions.current.Current`, in order.
CONTENT = ("data_id", "etag", "size", "modified_us", "parts", "blob_id", "version_id", "rank", "lock")
_CONTENT = object_.c[CONTENT]


class Objects:
    get = one(
        select(
            bucket.c.id,
            bucket.c.versioning,
            *(object_.c[c.name] for c in object_.c if c.name not in ("bucket_id", "key")),
            *(c.label(f"blob_{c.name}_") for c in BLOB_COLUMNS[1:]),
        )
        .select_from(_JOINED.outerjoin(blob, blob.c.id == object_.c.blob_id))
        .where(bucket.c.name == given("bucket"))
    )
    # Also reads whether the blob has an intent: the usual write has none, and needs no DELETE.
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
    # Inserts a key that does not exist, in a bucket without versioning, without a read first.
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
        .where(SAME_OBJECT)
        .values({c.name: given(c.name) for c in object_.c if c.name not in ("bucket_id", "key")})
    )
    remove = one(delete(object_).where(SAME_OBJECT).returning(object_.c.data_id), writes=True)
    # For a version whose Object Lock may change meanwhile: then no row matches.
    remove_as_locked = one(
        delete(object_)
        .where(SAME_OBJECT, func.coalesce(object_.c.lock, literal_column("''")) == given("at_lock"))
        .returning(object_.c.data_id),
        writes=True,
    )
    lock = one(select(object_.c.data_id).where(_HERE).with_for_update())
    alter = change(
        update(object_).where(SAME_OBJECT).values({name: given("new_" + name) for name in ALTERABLE})
    )

    @staticmethod
    def page(*, inclusive: bool, bounded: bool) -> Statement:
        """Keys from `start` on (itself only when inclusive), below `stop` when bounded, in byte order."""
        key, start = object_.c.key, given("start")
        conditions = [object_.c.bucket_id == given("bucket_id"), key >= start if inclusive else key > start]
        conditions += [key < given("stop")] if bounded else []
        return rows(select(*_LISTED).where(*conditions).order_by(key).limit(limited()))
