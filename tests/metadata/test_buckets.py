from __future__ import annotations

import asyncio

import pytest

from metadata import Metadata
from metadata.errors import BucketExists, BucketNotEmpty, NoSuchBucket
from metadata.records import Bucket
from tests.metadata.made import NOW_US, content, new_object, part, upload


async def test_a_bucket_comes_and_goes(store: Metadata) -> None:
    made = await store.buckets.create("notes", region="eu-west-1", owner="bob", now_us=NOW_US)
    assert made == Bucket(made.id, "notes", "eu-west-1", "bob", NOW_US) == await store.buckets.get("notes")
    await store.buckets.delete("notes")
    with pytest.raises(NoSuchBucket):
        await store.buckets.get("notes")
    with pytest.raises(NoSuchBucket):
        await store.buckets.delete("notes")


async def test_a_name_is_taken_once(store: Metadata) -> None:
    with pytest.raises(BucketExists) as told:
        await store.buckets.create("photos", region="us-east-1", owner="bob", now_us=NOW_US)
    assert told.value.owner == "alice"
    made = await asyncio.gather(
        *(store.buckets.create("new", region="r", owner="bob", now_us=NOW_US) for _ in range(8)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in made) == ["Bucket"] + ["BucketExists"] * 7


async def test_objects_hold_a_bucket_and_uploads_do_not(store: Metadata) -> None:
    await store.objects.put(new_object("a"))
    with pytest.raises(BucketNotEmpty):
        await store.buckets.delete("photos")
    await store.objects.delete("photos", "a")
    begun = upload("b")
    await store.uploads.create(begun)
    await store.uploads.put_part("photos", "b", begun.id, part(1, 7), content(7))
    await store.buckets.delete("photos")
    assert {g.blob.size for g in await store.garbage.due(1 << 60, 10)} == {7, 100}


async def test_listing_by_page_owner_prefix_and_region(store: Metadata) -> None:
    for name in ("alpha", "alps", "beta"):
        region = "eu-west-1" if name == "alps" else "us-east-1"
        await store.buckets.create(name, region=region, owner="bob", now_us=NOW_US)

    async def names(**given: object) -> tuple[list[str], str | None]:
        asked: dict[str, object] = {"owner": None, "prefix": "", "region": None, "after": None, "limit": 10}
        found, after = await store.buckets.list(**(asked | given))  # type: ignore[arg-type]
        return [each.name for each in found], after

    assert await names() == (["alpha", "alps", "beta", "photos"], None)
    assert await names(limit=2) == (["alpha", "alps"], "alps")
    assert await names(limit=2, after="alps") == (["beta", "photos"], None)
    assert await names(owner="bob", prefix="al") == (["alpha", "alps"], None)
    assert await names(region="eu-west-1") == (["alps"], None)
    assert await names(owner="carol") == ([], None)
