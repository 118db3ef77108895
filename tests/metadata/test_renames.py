"""An object gets another key: on both engines, with the books straight afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from metadata import Metadata
from metadata.errors import NoSuchKey, PreconditionFailed, TokenReused
from metadata.ids import new_id
from metadata.records import Object
from metadata.transactions.renames import RenameRequest
from tests.metadata.made import check_consistent, new_object


def renaming(source: str, target: str, *, alone: bool = False, token: str | None = None) -> RenameRequest:
    def check(found: Object, there: Object | None) -> None:
        assert found.key == source
        if alone and there is not None:
            raise PreconditionFailed("If-None-Match")

    digest = f"{source} {target}"
    return RenameRequest("photos", source, target, check, new_id(), new_id(), "alice", token, digest)


async def keys(store: Metadata) -> list[str]:
    return [each.key for each in (await store.objects.list("photos")).objects]


async def test_the_row_moves_and_what_was_there_goes(store: Metadata, url: str) -> None:
    await store.objects.put(new_object("a"))
    await store.objects.put(new_object("b"))
    before = await store.objects.get("photos", "a")
    await store.objects.rename(renaming("a", "b"))
    assert await store.objects.get("photos", "b") == replace(before, key="b")
    assert await keys(store) == ["b"]
    with pytest.raises(NoSuchKey):
        await store.objects.rename(renaming("a", "c"))
    check_consistent(url)


@pytest.mark.parametrize("state", ["Enabled", "Suspended"])
async def test_with_versions_the_bytes_are_shared(store: Metadata, url: str, state: str) -> None:
    await store.objects.put(new_object("null"))
    await store.buckets.set_versioning("photos", state)
    for source in ("null", "a"):
        if source == "a":
            await store.objects.put(new_object("a"))
        before = await store.objects.get("photos", source)
        await store.objects.rename(renaming(source, "b"))
        after = await store.objects.get("photos", "b")
        assert (after.etag, after.size, after.extent) == (before.etag, before.size, before.extent)
        with pytest.raises(NoSuchKey):
            await store.objects.get("photos", source)
    check_consistent(url)


async def test_of_many_one_wins(store: Metadata, url: str) -> None:
    for number in range(10):
        await store.objects.put(new_object(f"a{number}"))
    attempts = (store.objects.rename(renaming(f"a{number}", "b", alone=True)) for number in range(10))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(each, PreconditionFailed) for each in outcomes) == 9
    assert len(await keys(store)) == 10
    check_consistent(url)


async def test_a_token_is_for_one_rename(store: Metadata) -> None:
    await store.objects.put(new_object("a"))
    await store.objects.rename(renaming("a", "b", token="t"))
    await store.objects.rename(renaming("a", "b", token="t"))
    with pytest.raises(TokenReused):
        await store.objects.rename(renaming("b", "c", token="t"))
    with pytest.raises(NoSuchKey):
        await store.objects.rename(renaming("a", "b", token="another"))
    await store.objects.put(new_object("a"))
    await store.objects.rename(renaming("a", "b", token="another"))  # one that failed is no use of its token
