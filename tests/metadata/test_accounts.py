from __future__ import annotations

import asyncio

import pytest

from metadata import Metadata
from metadata.errors import AccountExists, NoSuchAccessKey, NoSuchAccount, NoSuchUser, UserExists, UserInUse
from metadata.records import AccessKey, Account, IamUser, Identity

ALT = Account("b" * 64, "444455556666", "alt", "alt@example.com", 7)


def user(name: str, id: str = "", path: str = "/") -> IamUser:
    return IamUser(ALT.id, name, id or f"AIDA{name}", path, 1)


def key(name: str, user_name: str | None) -> AccessKey:
    return AccessKey(name, "secret", ALT.id, "active", 1, user_name)


async def test_an_account_is_found_by_each_of_its_names(store: Metadata) -> None:
    await store.create_account(ALT)
    for text in (ALT.id, ALT.number, "alt", "alt@example.com"):
        assert await store.find_account(text) == ALT
    assert await store.account(ALT.id) == ALT
    assert await store.accounts() == [ALT]
    with pytest.raises(NoSuchAccount):
        await store.find_account("ALT")
    with pytest.raises(NoSuchAccount):
        await store.account("alt")


async def test_accounts_share_no_name(store: Metadata) -> None:
    await store.create_account(ALT)
    for changes in ({"id": "c" * 64}, {"number": "1" * 12}, {"name": "x"}, {"email": None}):
        other = {"id": "c" * 64, "number": "1" * 12, "name": "x", "email": None}
        kept = next(iter(changes))
        values = {**other, kept: getattr(ALT, kept)}
        with pytest.raises(AccountExists):
            await store.create_account(Account(**values, created_us=1))


async def test_the_first_account_is_made_once_and_stays_as_it_was_renamed(store: Metadata) -> None:
    made = await asyncio.gather(*(store.ensure_account(ALT) for _ in range(5)))
    assert made == [ALT] * 5
    changed = await store.change_account(ALT.id, name="main", email="main@example.com")
    assert (changed.name, changed.email, changed.number) == ("main", "main@example.com", ALT.number)
    assert await store.ensure_account(ALT) == changed
    assert await store.change_account(ALT.id, name="again") == Account(
        ALT.id, ALT.number, "again", "main@example.com", 7
    )
    await store.create_account(Account("c" * 64, "1" * 12, "other", None, 1))
    with pytest.raises(AccountExists):
        await store.change_account(ALT.id, name="other")


async def test_users_are_the_same_in_any_case(store: Metadata) -> None:
    await store.create_user(user("Zoe"))
    with pytest.raises(UserExists):
        await store.create_user(user("zoe", "AIDA2"))
    assert await store.user(ALT.id, "ZOE") == user("Zoe")
    await store.create_user(user("adam"))
    assert [one.name for one in await store.users(ALT.id)] == ["adam", "Zoe"]
    with pytest.raises(NoSuchUser):
        await store.user("c" * 64, "Zoe")


async def test_of_two_who_make_a_user_at_once_one_does(store: Metadata) -> None:
    made = await asyncio.gather(
        *(store.create_user(user("zoe", f"AIDA{n}")) for n in range(6)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["NoneType"] + ["UserExists"] * 5


async def test_a_user_takes_keys_and_policies_along(store: Metadata) -> None:
    await store.create_account(ALT)
    await store.create_user(user("zoe"))
    await store.put_access_key(key("K1", "zoe"))
    await store.put_user_policy(ALT.id, "ZOE", "p", "{}")
    await store.rename_user(ALT.id, "zoe", name="zo", path="/team/")
    found = IamUser(ALT.id, "zo", "AIDAzoe", "/team/", 1)
    assert await store.identity(ALT.id, "zo") == Identity(ALT, found, (("p", "{}"),))
    assert [one.access_key for one in await store.user_keys(ALT.id, "zo")] == ["K1"]
    with pytest.raises(NoSuchUser):
        await store.identity(ALT.id, "zoe")
    await store.create_user(user("adam"))
    with pytest.raises(UserExists):
        await store.rename_user(ALT.id, "zo", name="ADAM", path="/")
    await store.rename_user(ALT.id, "zo", name="ZO", path="/")


async def test_a_user_goes_last(store: Metadata) -> None:
    await store.create_user(user("zoe"))
    await store.put_access_key(key("K1", "zoe"))
    await store.put_user_policy(ALT.id, "zoe", "p", "{}")
    with pytest.raises(UserInUse) as why:
        await store.delete_user(ALT.id, "zoe")
    assert why.value.by == "access keys"
    await store.delete_access_key("K1")
    with pytest.raises(UserInUse):
        await store.delete_user(ALT.id, "zoe")
    assert await store.delete_user_policy(ALT.id, "zoe", "p")
    assert not await store.delete_user_policy(ALT.id, "zoe", "p")
    await store.delete_user(ALT.id, "zoe")
    with pytest.raises(NoSuchUser):
        await store.delete_user(ALT.id, "zoe")
    with pytest.raises(NoSuchUser):
        await store.put_user_policy(ALT.id, "zoe", "p", "{}")


async def test_keys_of_an_account_and_of_its_users_are_apart(store: Metadata) -> None:
    await store.create_account(ALT)
    await store.put_access_key(key("ROOT", None))
    await store.put_access_key(key("USER", "zoe"))
    assert [one.access_key for one in await store.user_keys(ALT.id, None)] == ["ROOT"]
    assert [one.access_key for one in await store.user_keys(ALT.id, "zoe")] == ["USER"]
    await store.set_access_key("USER", state="inactive")
    assert (await store.access_key("USER")).state == "inactive"
    assert await store.identity(ALT.id, None) == Identity(ALT)
    with pytest.raises(NoSuchAccessKey):
        await store.set_access_key("NOBODY", state="active")
    with pytest.raises(NoSuchAccessKey):
        await store.delete_access_key("NOBODY")


async def test_policies_are_replaced_and_listed_by_name(store: Metadata) -> None:
    await store.create_user(user("zoe"))
    for name, document in (("b", "1"), ("a", "2"), ("b", "3")):
        await store.put_user_policy(ALT.id, "zoe", name, document)
    assert await store.user_policies(ALT.id, "zoe") == [("a", "2"), ("b", "3")]
