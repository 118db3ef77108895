"""Statements about accounts, their users, keys and policies."""

from __future__ import annotations

from sqlalchemy import delete, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import change, one, rows
from metadata.queries.tables import ALL_TABLES, all_of, given

account, iam_user, iam_user_policy, access_key = (
    ALL_TABLES[name] for name in ("account", "iam_user", "iam_user_policy", "access_key")
)
_NAME = iam_user.c.name.type
_put_policy = insert(iam_user_policy).values({c.name: given(c.name) for c in iam_user_policy.c})
_THE_USER = (iam_user.c.account_id == given("account_id"), iam_user.c.name == given("at_name", _NAME))
_ITS_POLICIES = (
    iam_user_policy.c.account_id == given("account_id"),
    iam_user_policy.c.user_name == given("at_name", _NAME),
)
_ITS_KEYS = (access_key.c.owner == given("account_id"), access_key.c.user_name == given("at_name", _NAME))


class Accounts:
    get = one(select(*account.c).where(account.c.id == given("account_id")))
    accounts = rows(select(*account.c).order_by(account.c.created_us, account.c.id))
    find = rows(
        select(*account.c).where(
            or_(
                account.c.id == given("text"),
                account.c.number == given("text"),
                account.c.name == given("text"),
                account.c.email == given("text"),
            )
        )
    )
    add = change(all_of(account))
    alter = change(
        update(account)
        .where(account.c.id == given("account_id"))
        .values(name=given("new_name"), email=given("new_email"))
    )
    users = rows(select(*iam_user.c).where(iam_user.c.account_id == given("account_id")))
    user = one(
        select(*iam_user.c).where(
            iam_user.c.account_id == given("account_id"),
            func.lower(iam_user.c.name) == func.lower(given("at_name", _NAME)),
        )
    )
    add_user = change(all_of(iam_user))
    move_user = change(
        update(iam_user).where(*_THE_USER).values(name=given("new_name", _NAME), path=given("new_path"))
    )
    move_policies = change(
        update(iam_user_policy).where(*_ITS_POLICIES).values(user_name=given("new_name", _NAME))
    )
    move_keys = change(update(access_key).where(*_ITS_KEYS).values(user_name=given("new_name", _NAME)))
    remove_user = change(delete(iam_user).where(*_THE_USER))
    keys = rows(select(*access_key.c).where(*_ITS_KEYS).order_by(access_key.c.access_key))
    root_keys = rows(
        select(*access_key.c)
        .where(access_key.c.owner == given("account_id"), access_key.c.user_name.is_(None))
        .order_by(access_key.c.access_key)
    )
    set_key = change(
        update(access_key).where(access_key.c.access_key == given("at_key")).values(state=given("new_state"))
    )
    remove_key = change(delete(access_key).where(access_key.c.access_key == given("at_key")))
    policies = rows(
        select(iam_user_policy.c.name, iam_user_policy.c.document)
        .where(*_ITS_POLICIES)
        .order_by(iam_user_policy.c.name)
    )
    any_key = one(select(literal_column("1")).select_from(access_key).where(*_ITS_KEYS).limit(1))
    put_policy = change(
        _put_policy.on_conflict_do_update(
            index_elements=["account_id", "user_name", "name"],
            set_={"document": _put_policy.excluded.document},
        )
    )
    remove_policy = change(
        delete(iam_user_policy).where(*_ITS_POLICIES, iam_user_policy.c.name == given("at_policy", _NAME))
    )
