"""Statements of walks through the store: all buckets that have a setting, all versions of a bucket."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Table, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import Statement, change, one, rows
from metadata.queries.tables import ALL_TABLES, bucket, given, limited, object_
from metadata.queries.versions import behind, first_of_both

version, config, progress = (ALL_TABLES[name] for name in ("version", "bucket_config", "progress"))
_put = insert(progress).values({c.name: given(c.name) for c in progress.c})
_WALKED = ("key", "rank", "version_id", "modified_us", "size", "storage_class", "tags")
_NO = literal_column("0", Integer)


class Walks:
    buckets = rows(
        select(bucket.c.name)
        .where(
            bucket.c.name > given("after"),
            bucket.c.id.in_(select(config.c.bucket_id).where(config.c.kind == given("kind"))),
        )
        .order_by(bucket.c.name)
        .limit(limited())
    )
    progress = one(select(progress.c.document).where(progress.c.name == given("name")))
    keep_progress = change(
        _put.on_conflict_do_update(index_elements=["name"], set_={"document": _put.excluded.document})
    )

    @staticmethod
    def page(*, bounded: bool, versioned: bool) -> Statement:
        """By key and rank, behind `after_rank` of the key `start`, below `stop`. Columns: those of _WALKED,
        and whether it is a delete marker.
        """
        sources: list[tuple[Table, Any]] = [(object_, _NO.label("delete_marker"))]
        sources += [(version, version.c.delete_marker)] if versioned else []
        halves = []
        for table, marker in sources:
            conditions = [table.c.bucket_id == given("bucket_id"), behind(table)]
            conditions += [table.c.key < given("stop")] if bounded else []
            halves.append(select(*table.c[_WALKED], marker).where(*conditions))
        if not versioned:
            return rows(halves[0].order_by(object_.c.key).limit(limited()))
        return first_of_both(*halves)
