"""Statements about content: blobs with their reference counts, and extents."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy import insert as plain_insert

from metadata.queries.statements import change, one, rows
from metadata.queries.tables import (
    BLOB_COLUMNS,
    all_of,
    blob,
    extent,
    garbage,
    given,
    pending,
    repair,
    staged,
)

_OWNED = extent.c.data_id == given("data_id")
_counts = (
    select(extent.c.blob_id, func.count().label("n"))
    .where(_OWNED)
    .group_by(extent.c.blob_id)
    .subquery("counts")
)
_named = blob.c.id.in_(select(extent.c.blob_id).where(_OWNED))
_GARBAGE = ("id", "size", "stripe_bytes", "parity", "nodes", "since_us", "retry_us", "attempts")


class Contents:
    add_blob = change(all_of(blob))
    share = change(
        update(blob).where(blob.c.id == given("blob_id")).values(refs=blob.c.refs + given("n", BigInteger))
    )
    stage = change(all_of(staged))
    alive = one(select(literal_column("1")).select_from(blob).where(blob.c.id == given("blob_id")))
    bury = one(
        delete(blob)
        .where(blob.c.id == given("blob_id"), blob.c.refs == given("refs"))
        .returning(*BLOB_COLUMNS),
        writes=True,
    )
    release = one(
        update(blob).where(blob.c.id == given("blob_id")).values(refs=blob.c.refs - 1).returning(blob.c.refs),
        writes=True,
    )
    add_garbage = change(plain_insert(garbage).values({name: given(name) for name in _GARBAGE}))
    add_extent = change(plain_insert(extent).values({c.name: given(c.name) for c in extent.c}))
    extents = rows(
        select(extent.c.start, extent.c.length, extent.c.blob_offset, *BLOB_COLUMNS)
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
            select(
                *BLOB_COLUMNS, given("since_us", BigInteger), literal_column("0"), literal_column("0")
            ).where(_named, blob.c.refs == literal_column("0")),
        )
    )
    remove_dead = change(delete(blob).where(_named, blob.c.refs == literal_column("0")))
    remove_extents = change(delete(extent).where(_OWNED))
    remove_intent = change(delete(pending).where(pending.c.blob_id == given("blob_id")))
    add_repair = change(all_of(repair))
