"""Statements of background work and administration: intents, garbage, repairs, nodes, keys, leases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import Fetch, Statement, change, one, rows
from metadata.queries.tables import (
    ALL_TABLES,
    BLOB_COLUMNS,
    all_of,
    blob,
    garbage,
    given,
    limited,
    pending,
    repair,
    staged,
)

node, access_key, lease = (ALL_TABLES[name] for name in ("node", "access_key", "lease"))
event, dead_letter = (ALL_TABLES[name] for name in ("event", "dead_letter"))
_GARBAGE = tuple(garbage.c[c.name] for c in BLOB_COLUMNS)
_NODE = tuple(node.c[name] for name in ("id", "address", "state", "capacity_bytes", "added_us"))
_DUE = (*_GARBAGE, garbage.c.since_us, garbage.c.attempts)
_THE_CHUNK = and_(
    repair.c.blob_id == given("at_blob"),
    repair.c.stripe == given("at_stripe"),
    repair.c.slot == given("at_slot"),
)
_begin = insert(pending).values(blob_id=given("blob_id"), touched_us=given("touched_us"))
_add_key = insert(access_key).values({c.name: given(c.name) for c in access_key.c})


class BlobQueues:
    all_staged = rows(
        select(staged.c.blob_id, staged.c.data, *BLOB_COLUMNS[1:])
        .select_from(staged.outerjoin(blob, blob.c.id == staged.c.blob_id))
        .order_by(staged.c.blob_id)
        .limit(limited())
    )
    staged_bytes = one(select(staged.c.data).where(staged.c.blob_id == given("blob_id")))
    settled = change(delete(staged).where(staged.c.blob_id == given("blob_id")))
    settled_between = change(
        delete(staged).where(staged.c.blob_id > given("above"), staged.c.blob_id <= given("last"))
    )
    begin = change(
        _begin.on_conflict_do_update(
            index_elements=["blob_id"], set_={"touched_us": _begin.excluded.touched_us}
        )
    )
    touch = change(
        update(pending).where(pending.c.blob_id == given("at_blob")).values(touched_us=given("touched_us"))
    )
    forget = change(delete(pending).where(pending.c.blob_id == given("blob_id")))
    stale = rows(
        select(pending.c.blob_id)
        .where(pending.c.touched_us < given("before_us"))
        .order_by(pending.c.touched_us)
        .limit(limited())
    )
    known = one(
        select(literal_column("1")).where(
            or_(
                *(
                    exists().where(column == given("id", LargeBinary))
                    for column in (blob.c.id, garbage.c.id, pending.c.blob_id)
                )
            )
        )
    )
    # Two reads by the index (retry_us, since_us): garbage never tried, and garbage due for a retry.
    fresh_garbage = rows(
        select(*_DUE)
        .where(garbage.c.retry_us == literal_column("0"), garbage.c.since_us <= given("before_us"))
        .order_by(garbage.c.since_us)
        .limit(limited())
    )
    tried_garbage = rows(
        select(*_DUE)
        .where(
            garbage.c.retry_us > literal_column("0"),
            garbage.c.retry_us <= given("now_us"),
            garbage.c.since_us <= given("before_us"),
        )
        .order_by(garbage.c.retry_us)
        .limit(limited())
    )
    garbage_done = change(delete(garbage).where(garbage.c.id == given("id")))
    repairs_of = change(delete(repair).where(repair.c.blob_id == given("blob_id")))
    garbage_retry = change(
        update(garbage)
        .where(garbage.c.id == given("at_id"))
        .values(retry_us=given("until_us", BigInteger), attempts=garbage.c.attempts + literal_column("1"))
    )
    blob_exists = one(select(literal_column("1")).select_from(blob).where(blob.c.id == given("blob_id")))
    repairs = rows(
        select(repair.c.stripe, repair.c.slot, repair.c.attempts, *BLOB_COLUMNS)
        .select_from(repair.join(blob, blob.c.id == repair.c.blob_id))
        .where(repair.c.due_us <= given("now_us"))
        .order_by(repair.c.due_us)
        .limit(limited())
    )
    repair_done = change(delete(repair).where(_THE_CHUNK))
    repair_retry = change(
        update(repair)
        .where(_THE_CHUNK)
        .values(due_us=given("until_us", BigInteger), attempts=repair.c.attempts + literal_column("1"))
    )
    nodes_of = one(select(blob.c.nodes).where(blob.c.id == given("blob_id")))
    move = change(
        update(blob)
        .where(blob.c.id == given("at_blob"), blob.c.nodes == given("at_nodes"))
        .values(nodes=given("nodes"))
    )


class Nodes:
    all = rows(select(*_NODE).order_by(node.c.id))
    add = one(
        insert(node)
        .values({name: given(name) for name in ("address", "capacity_bytes", "added_us")})
        .on_conflict_do_nothing()
        .returning(*_NODE),
        writes=True,
    )
    set = one(
        update(node)
        .where(node.c.id == given("at_id"))
        .values(
            state=func.coalesce(given("new_state", node.c.state.type), node.c.state),
            capacity_bytes=case(
                (given("set_capacity", Integer) == literal_column("1"), given("new_capacity", BigInteger)),
                else_=node.c.capacity_bytes,
            ),
        )
        .returning(*_NODE),
        writes=True,
    )
    ping = one(select(literal_column("1")))


class AccessKeys:
    get = one(select(*access_key.c).where(access_key.c.access_key == given("access_key")))
    all = rows(select(*access_key.c).order_by(access_key.c.created_us, access_key.c.access_key))
    add = change(
        _add_key.on_conflict_do_update(
            index_elements=["access_key"],
            set_={
                name: _add_key.excluded[name]
                for name in ("secret_key", "owner", "state", "created_us", "user_name")
            },
        )
    )
    revoke = change(
        update(access_key)
        .where(access_key.c.access_key == given("at_key"))
        .values(state=literal_column("'revoked'"))
    )


class Leases:
    take = change(
        update(lease)
        .where(
            lease.c.name == given("at_name"),
            or_(lease.c.holder == given("holder"), lease.c.until_us <= given("now_us")),
        )
        .values(holder=given("holder"), until_us=given("until_us"))
    )
    add = change(all_of(lease))


_SERVER = """
SELECT pg_is_in_recovery() AS standby, (SELECT count(*) FROM pg_stat_replication) AS standbys,
  CAST(CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication)
  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
  ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END AS double precision),
  CAST(CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) FROM pg_stat_replication)
  ELSE pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) END AS bigint)
"""


class Server:
    """Version and replication of a PostgreSQL server. SQLite has neither: empty results."""

    version = Statement(
        select(literal_column("''")), Fetch.ONE, writes=False, postgresql=select(func.version())
    )
    replication = Statement(select(literal_column("NULL")), Fetch.ONE, writes=False, postgresql=text(_SERVER))


def _length(table: Table) -> Statement:
    """Make a statement that counts the rows of a table, up to `most`."""
    return one(
        select(func.count()).select_from(
            select(literal_column("1")).select_from(table).limit(limited("most")).subquery()
        )
    )


QUEUES = {table.name: _length(table) for table in (repair, garbage, pending, event, dead_letter)}
"""Counts of the tables that background work empties: its backlog, as operators see it."""
