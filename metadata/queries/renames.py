"""Statements of renames."""

from __future__ import annotations

from sqlalchemy import LargeBinary, and_, delete, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import change, one
from metadata.queries.tables import ALL_TABLES, all_of, given, object_, part
from metadata.schema.tables import KEY_TEXT

tokens = ALL_TABLES["rename_token"]
annotation = ALL_TABLES["annotation"]
_COLUMNS = [c.name for c in object_.c]


class Renames:
    token = one(
        select(tokens.c.digest).where(
            tokens.c.bucket_id == given("bucket_id"), tokens.c.token == given("token")
        )
    )
    add_token = change(all_of(tokens))
    forget_tokens = change(delete(tokens).where(tokens.c.created_us < given("before_us")))
    # Copies the row to its new key. `Objects.remove` deletes the old one.
    move = change(
        insert(object_)
        .from_select(
            _COLUMNS,
            select(
                *(given("new_key", KEY_TEXT) if name == "key" else object_.c[name] for name in _COLUMNS)
            ).where(
                object_.c.bucket_id == given("at_bucket"),
                object_.c.key == given("at_key"),
                object_.c.data_id == given("at_data"),
            ),
        )
        .on_conflict_do_nothing()
    )
    copy_parts = change(
        plain_insert(part).from_select(
            [c.name for c in part.c],
            select(
                given("data_id", LargeBinary), *(part.c[c.name] for c in part.c if c.name != "owner_id")
            ).where(part.c.owner_id == given("from_data_id", LargeBinary)),
        )
    )
    move_annotations = change(
        annotation.update()
        .where(
            and_(
                annotation.c.bucket_id == given("at_bucket"),
                annotation.c.key == given("at_key"),
                annotation.c.data_id == given("at_data"),
            )
        )
        .values(key=given("new_key"))
    )
