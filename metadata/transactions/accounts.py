"""Accounts, users, keys and policies. Names of users are the same in any case."""

from __future__ import annotations

from metadata.errors import AccountExists, NoSuchAccessKey, NoSuchAccount, NoSuchUser, UserExists, UserInUse
from metadata.queries.accounts import Accounts
from metadata.queries.statements import Retry, Transaction
from metadata.records import AccessKey, Account, IamUser, Identity


def account(account_id: str) -> Transaction[Account]:
    row = yield Accounts.get(account_id=account_id)
    if row is None:
        raise NoSuchAccount(account_id)
    return Account(*row)


def accounts() -> Transaction[list[Account]]:
    found = yield Accounts.accounts()
    return [Account(*row) for row in found]


def find_account(text: str) -> Transaction[Account]:
    """By canonical id, number, name or e-mail, whichever it is; an id before a name that reads like one."""
    found = [Account(*row) for row in (yield Accounts.find(text=text))]
    if not found:
        raise NoSuchAccount(text)
    return min(found, key=lambda one: (one.id, one.number, one.name, one.email).index(text))


def create_account(new: Account) -> Transaction[None]:
    """Raises AccountExists where id, number, name or e-mail is taken."""
    for text in (new.id, new.number, new.name, new.email):
        if text is not None and (yield Accounts.find(text=text)):
            raise AccountExists(text)
    added = yield Accounts.add(
        id=new.id, number=new.number, name=new.name, email=new.email, created_us=new.created_us
    )
    if not added:
        raise Retry


def ensure_account(new: Account) -> Transaction[Account]:
    """The account of that id as it stands, made now where it is not there."""
    row = yield Accounts.get(account_id=new.id)
    if row is not None:
        return Account(*row)
    try:
        yield from create_account(new)
    except AccountExists:
        row = yield Accounts.get(account_id=new.id)
        if row is None:
            raise
        return Account(*row)  # another gateway has made it since
    return new


def change_account(account_id: str, name: str | None, email: str | None) -> Transaction[Account]:
    """What is None stays. Raises NoSuchAccount, AccountExists."""
    known = yield from account(account_id)
    for text in (name, email):
        if text is not None:
            for row in (yield Accounts.find(text=text)):
                if row[0] != account_id:
                    raise AccountExists(text)
    changed = Account(
        known.id, known.number, name or known.name, known.email if email is None else email, known.created_us
    )
    yield Accounts.alter(account_id=account_id, new_name=changed.name, new_email=changed.email)
    return changed


def identity(account_id: str, user_name: str | None) -> Transaction[Identity]:
    """All that says who somebody is, and what they may. NoSuchAccount, NoSuchUser."""
    owner = yield from account(account_id)
    if user_name is None:
        return Identity(owner)
    found = yield from user(account_id, user_name)
    policies = yield Accounts.policies(account_id=account_id, at_name=found.name)
    return Identity(owner, found, tuple((name, document) for name, document in policies))


def users(account_id: str) -> Transaction[list[IamUser]]:
    found = yield Accounts.users(account_id=account_id)
    return sorted((IamUser(*row) for row in found), key=lambda one: one.name.lower())


def user(account_id: str, name: str) -> Transaction[IamUser]:
    row = yield Accounts.user(account_id=account_id, at_name=name)
    if row is None:
        raise NoSuchUser(name)
    return IamUser(*row)


def create_user(new: IamUser) -> Transaction[None]:
    if (yield Accounts.user(account_id=new.account_id, at_name=new.name)) is not None:
        raise UserExists(new.name)
    added = yield Accounts.add_user(
        account_id=new.account_id, name=new.name, id=new.id, path=new.path, created_us=new.created_us
    )
    if not added:
        raise Retry


def rename_user(account_id: str, user_name: str, name: str, path: str) -> Transaction[None]:
    """Its keys and policies go with it. NoSuchUser, UserExists."""
    known = yield from user(account_id, user_name)
    there = yield Accounts.user(account_id=account_id, at_name=name)
    if there is not None and there[2] != known.id:
        raise UserExists(name)
    at = {"account_id": account_id, "at_name": known.name}
    if not (yield Accounts.move_user(**at, new_name=name, new_path=path)):
        raise Retry
    if name != known.name:
        yield Accounts.move_policies(**at, new_name=name)
        yield Accounts.move_keys(**at, new_name=name)


def delete_user(account_id: str, user_name: str) -> Transaction[None]:
    """Raises NoSuchUser, UserInUse while it has keys or policies."""
    known = yield from user(account_id, user_name)
    at = {"account_id": account_id, "at_name": known.name}
    if (yield Accounts.any_key(**at)) is not None:
        raise UserInUse("access keys")
    if (yield Accounts.policies(**at)):
        raise UserInUse("policies")
    yield Accounts.remove_user(**at)


def user_keys(account_id: str, user_name: str | None) -> Transaction[list[AccessKey]]:
    """Those of a user, or (None) of the account itself."""
    if user_name is None:
        found = yield Accounts.root_keys(account_id=account_id)
    else:
        found = yield Accounts.keys(account_id=account_id, at_name=user_name)
    return [AccessKey(*row) for row in found]


def set_access_key(access_key: str, state: str) -> Transaction[None]:
    if not (yield Accounts.set_key(at_key=access_key, new_state=state)):
        raise NoSuchAccessKey


def delete_access_key(access_key: str) -> Transaction[None]:
    if not (yield Accounts.remove_key(at_key=access_key)):
        raise NoSuchAccessKey


def user_policies(account_id: str, user_name: str) -> Transaction[list[tuple[str, str]]]:
    found = yield Accounts.policies(account_id=account_id, at_name=user_name)
    return [(name, document) for name, document in found]


def put_user_policy(account_id: str, user_name: str, name: str, document: str) -> Transaction[None]:
    known = yield from user(account_id, user_name)
    yield Accounts.put_policy(account_id=account_id, user_name=known.name, name=name, document=document)


def delete_user_policy(account_id: str, user_name: str, name: str) -> Transaction[bool]:
    """Whether it was there."""
    removed = yield Accounts.remove_policy(account_id=account_id, at_name=user_name, at_policy=name)
    return bool(removed)
