"""Statements about the outbox: events that wait for delivery, and dead letters."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import change, one, rows
from metadata.queries.tables import ALL_TABLES, given, limited

event, dead_letter = ALL_TABLES["event"], ALL_TABLES["dead_letter"]
_ONE: ColumnElement[int] = literal_column("1")


class Events:
    add = change(
        insert(event).values(
            {c.name: given(c.name) for c in event.c if c.name not in ("id", "attempts")}
            | {"attempts": literal_column("0")}
        )
    )
    due = rows(
        select(*event.c["id", "document", "attempts", "occurred_us"])
        .where(event.c.target == given("target"), event.c.due_us <= given("now_us"))
        .order_by(event.c.due_us, event.c.id)
        .limit(limited())
    )
    after = rows(
        select(*event.c["id", "document", "attempts", "occurred_us"])
        .where(event.c.target == given("target"), event.c.id > given("after_id", BigInteger))
        .order_by(event.c.id)
        .limit(limited())
    )
    last = one(select(func.coalesce(func.max(event.c.id), 0)))
    targets = rows(select(event.c.target, func.count()).group_by(event.c.target).order_by(event.c.target))
    # Distinct targets, one a call: each is found by the index, however many events wait.
    next_target = one(
        select(event.c.target).where(event.c.target > given("after")).order_by(event.c.target).limit(_ONE)
    )
    remove = change(delete(event).where(event.c.id == given("id", BigInteger)))
    retry = change(
        update(event)
        .where(event.c.id == given("at_id", BigInteger))
        .values(due_us=given("until_us", BigInteger), attempts=event.c.attempts + _ONE)
    )
    get = one(select(*event.c["target", "document", "attempts"]).where(event.c.id == given("id", BigInteger)))
    bury = change(
        insert(dead_letter).values({c.name: given(c.name) for c in dead_letter.c}).on_conflict_do_nothing()
    )
    dead = rows(select(*dead_letter.c).order_by(dead_letter.c.id.desc()).limit(limited()))
    dead_one = one(select(*dead_letter.c).where(dead_letter.c.id == given("id", BigInteger)))
    exhume = change(delete(dead_letter).where(dead_letter.c.id == given("id", BigInteger)))
    # The newest id to trim: that after the `most` newest.
    dead_limit = one(
        select(dead_letter.c.id)
        .order_by(dead_letter.c.id.desc())
        .limit(_ONE)
        .offset(given("most", BigInteger))
    )
    dead_trim = change(delete(dead_letter).where(dead_letter.c.id <= given("up_to", BigInteger)))
