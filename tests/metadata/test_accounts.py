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
    await store.accounts.create(ALT)
    for text in (ALT.id, ALT.number, "alt", "alt@example.com"):
        assert await store.accounts.find(text) == ALT
    assert await store.accounts.get(ALT.id) == ALT
    assert await store.accounts.list() == [ALT]
    with pytest.raises(NoSuchAccount):
        await store.accounts.find("ALT")
    with pytest.raises(NoSuchAccount):
        await store.accounts.get("alt")


async def test_accounts_share_no_name(store: Metadata) -> None:
    await store.accounts.create(ALT)
    for changes in ({"id": "c" * 64}, {"number": "1" * 12}, {"name": "x"}, {"email": None}):
        other = {"id": "c" * 64, "number": "1" * 12, "name": "x", "email": None}
        kept = next(iter(changes))
        values = {**other, kept: getattr(ALT, kept)}
        with pytest.raises(AccountExists):
            await store.accounts.create(Account(**values, created_us=1))


async def test_the_first_account_is_made_once_and_stays_as_it_was_renamed(store: Metadata) -> None:
    made = await asyncio.gather(*(store.accounts.ensure(ALT) for _ in range(5)))
    assert made == [ALT] * 5
    changed = await store.accounts.update(ALT.id, name="main", email="main@example.com")
    assert (changed.name, changed.email, changed.number) == ("main", "main@example.com", ALT.number)
    assert await store.accounts.ensure(ALT) == changed
    assert await store.accounts.update(ALT.id, name="again") == Account(
        ALT.id, ALT.number, "again", "main@example.com", 7
    )
    await store.accounts.create(Account("c" * 64, "1" * 12, "other", None, 1))
    with pytest.raises(AccountExists):
        await store.accounts.update(ALT.id, name="other")


async def test_users_are_the_same_in_any_case(store: Metadata) -> None:
    await store.users.create(user("Zoe"))
    with pytest.raises(UserExists):
        await store.users.create(user("zoe", "AIDA2"))
    assert await store.users.get(ALT.id, "ZOE") == user("Zoe")
    await store.users.create(user("adam"))
    assert [one.name for one in await store.users.list(ALT.id)] == ["adam", "Zoe"]
    with pytest.raises(NoSuchUser):
        await store.users.get("c" * 64, "Zoe")


async def test_of_two_who_make_a_user_at_once_one_does(store: Metadata) -> None:
    made = await asyncio.gather(
        *(store.users.create(user("zoe", f"AIDA{n}")) for n in range(6)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["NoneType"] + ["UserExists"] * 5


async def test_a_user_takes_keys_and_policies_along(store: Metadata) -> None:
    await store.accounts.create(ALT)
    await store.users.create(user("zoe"))
    await store.access_keys.put(key("K1", "zoe"))
    await store.users.put_policy(ALT.id, "ZOE", "p", "{}")
    await store.users.rename(ALT.id, "zoe", name="zo", path="/team/")
    found = IamUser(ALT.id, "zo", "AIDAzoe", "/team/", 1)
    assert await store.accounts.identity(ALT.id, "zo") == Identity(ALT, found, (("p", "{}"),))
    assert [one.access_key for one in await store.access_keys.of_user(ALT.id, "zo")] == ["K1"]
    with pytest.raises(NoSuchUser):
        await store.accounts.identity(ALT.id, "zoe")
    await store.users.create(user("adam"))
    with pytest.raises(UserExists):
        await store.users.rename(ALT.id, "zo", name="ADAM", path="/")
    await store.users.rename(ALT.id, "zo", name="ZO", path="/")


async def test_a_user_goes_last(store: Metadata) -> None:
    await store.users.create(user("zoe"))
    await store.access_keys.put(key("K1", "zoe"))
    await store.users.put_policy(ALT.id, "zoe", "p", "{}")
    with pytest.raises(UserInUse) as why:
        await store.users.delete(ALT.id, "zoe")
    assert why.value.by == "access keys"
    await store.access_keys.delete("K1")
    with pytest.raises(UserInUse):
        await store.users.delete(ALT.id, "zoe")
    assert await store.users.delete_policy(ALT.id, "zoe", "p")
    assert not await store.users.delete_policy(ALT.id, "zoe", "p")
    await store.users.delete(ALT.id, "zoe")
    with pytest.raises(NoSuchUser):
        await store.users.delete(ALT.id, "zoe")
    with pytest.raises(NoSuchUser):
        await store.users.put_policy(ALT.id, "zoe", "p", "{}")


async def test_keys_of_an_account_and_of_its_users_are_apart(store: Metadata) -> None:
    await store.accounts.create(ALT)
    await store.access_keys.put(key("ROOT", None))
    await store.access_keys.put(key("USER", "zoe"))
    assert [one.access_key for one in await store.access_keys.of_user(ALT.id, None)] == ["ROOT"]
    assert [one.access_key for one in await store.access_keys.of_user(ALT.id, "zoe")] == ["USER"]
    await store.access_keys.set_state("USER", state="inactive")
    assert (await store.access_keys.get("USER")).state == "inactive"
    assert await store.accounts.identity(ALT.id, None) == Identity(ALT)
    with pytest.raises(NoSuchAccessKey):
        await store.access_keys.set_state("NOBODY", state="active")
    with pytest.raises(NoSuchAccessKey):
        await store.access_keys.delete("NOBODY")


async def test_policies_are_replaced_and_listed_by_name(store: Metadata) -> None:
    await store.users.create(user("zoe"))
    for name, document in (("b", "1"), ("a", "2"), ("b", "3")):
        await store.users.put_policy(ALT.id, "zoe", name, document)
    assert await store.users.policies(ALT.id, "zoe") == [("a", "2"), ("b", "3")]
