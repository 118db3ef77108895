"""Statements about noncurrent versions and delete markers.

Writes are conditional, as in `metadata.queries.objects`: they name the `data_id` that was read. `rank` orders
the versions of a key, the newest first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Table,
    and_,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy import insert as plain_insert

from metadata.queries.objects import ALTERABLE, CONTENT, SAME_OBJECT
from metadata.queries.statements import Statement, change, one, rows
from metadata.queries.tables import BLOB_COLUMNS, all_of, blob, bucket, given, limited, object_, version

_COLUMNS = [c.name for c in object_.c]
_KEY = and_(version.c.bucket_id == given("bucket_id"), version.c.key == given("key"))
_SAME_VERSION = and_(
    version.c.bucket_id == given("at_bucket"),
    version.c.key == given("at_key"),
    version.c.rank == given("at_rank"),
    version.c.data_id == given("at_data"),
)
_LISTED = (
    "key", "rank", "version_id", "etag", "size", "modified_us", "storage_class", "owner",
    "checksum_algorithm", "checksum_type",
)  # fmt: skip
_NO, _YES = literal_column("0", Integer), literal_column("1", Integer)


class Versions:
    # Joined to the bucket: no row if the bucket is missing, a row of NULLs if the version is.
    get = one(
        select(
            bucket.c.id,
            bucket.c.versioning,
            *(version.c[name] for name in _COLUMNS if name not in ("bucket_id", "key")),
            *(c.label(f"blob_{c.name}_") for c in BLOB_COLUMNS[1:]),
            version.c.delete_marker,
        )
        .select_from(
            bucket.outerjoin(
                version,
                and_(
                    version.c.bucket_id == bucket.c.id,
                    version.c.key == given("key"),
                    version.c.version_id == given("version_id"),
                ),
            ).outerjoin(blob, blob.c.id == version.c.blob_id)
        )
        .where(bucket.c.name == given("bucket"))
    )
    newest = one(
        select(*version.c["rank", "version_id", "data_id", "delete_marker"])
        .where(_KEY)
        .order_by(version.c.rank)
        .limit(1)
    )
    content = one(
        select(*version.c[CONTENT], version.c.delete_marker).where(
            _KEY, version.c.version_id == given("version_id")
        )
    )
    rank = one(select(version.c.rank).where(_KEY, version.c.version_id == given("version_id")))
    archive = change(
        plain_insert(version).from_select(
            [*_COLUMNS, "delete_marker"],
            select(*(object_.c[name] for name in _COLUMNS), _NO).where(SAME_OBJECT),
        )
    )
    promote = change(
        plain_insert(object_).from_select(
            _COLUMNS, select(*(version.c[name] for name in _COLUMNS)).where(_SAME_VERSION)
        )
    )
    add = change(all_of(version))
    remove = one(delete(version).where(_SAME_VERSION).returning(version.c.data_id), writes=True)
    remove_as_locked = one(
        delete(version)
        .where(_SAME_VERSION, func.coalesce(version.c.lock, literal_column("''")) == given("at_lock"))
        .returning(version.c.data_id),
        writes=True,
    )
    lock = one(
        select(version.c.data_id).where(_KEY, version.c.version_id == given("version_id")).with_for_update()
    )
    alter = change(
        update(version).where(_SAME_VERSION).values({name: given("new_" + name) for name in ALTERABLE})
    )

    @staticmethod
    def page(*, inclusive: bool, bounded: bool, within_key: bool) -> Statement:
        """Versions by key and rank, from `start` on (or after the version `after_rank` of key `start`), below
        `stop`. Columns: those of _LISTED, whether it is a delete marker, whether it is current.
        """
        halves = []
        for table, marker, current in (
            (object_, _NO.label("delete_marker"), _YES.label("current")),
            (version, version.c.delete_marker, _NO.label("current")),
        ):
            key = table.c.key
            if within_key:
                lower = behind(table)
            else:
                lower = key >= given("start") if inclusive else key > given("start")
            conditions = [table.c.bucket_id == given("bucket_id"), lower]
            conditions += [key < given("stop")] if bounded else []
            halves.append(select(*table.c[_LISTED], marker, current).where(*conditions))
        return first_of_both(*halves)


def behind(table: Table) -> ColumnElement[bool]:
    """Make the condition for rows after version `after_rank` of key `start`, in the order of the index."""
    key, rank, start = table.c.key, table.c.rank, given("start")
    if table is object_:  # its index orders by key only
        return and_(key >= start, or_(key > start, rank > given("after_rank")))
    return tuple_(key, rank) > tuple_(start, given("after_rank"))


def first_of_both(objects: Select[Any], versions: Select[Any]) -> Statement:
    """Make a statement for the first `limit` rows of two selects, by key and rank.

    SQLite merges them by their indexes. PostgreSQL would sort the rest of the bucket, so each has its own
    limit.
    """
    cut = (
        select(*objects.order_by(object_.c.key).limit(limited()).subquery("objects").c),
        select(*versions.order_by(version.c.key, version.c.rank).limit(limited()).subquery("versions").c),
    )
    return rows(_union(objects, versions), postgresql=_union(*cut))


def _union(*halves: Select[Any]) -> CompoundSelect[Any]:
    both = union_all(*halves)
    return both.order_by(both.selected_columns.key, both.selected_columns.rank).limit(limited())
