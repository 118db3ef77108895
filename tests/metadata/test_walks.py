from __future__ import annotations

from dataclasses import replace

from metadata import Metadata
from metadata.records import Extras, Walked
from tests.metadata.made import NOW_US, content, new_object


async def everything(store: Metadata, prefix: str = "", limit: int = 99) -> list[Walked]:
    bucket, found = await store.buckets.get("photos"), []
    after = None
    while page := await store.walks.versions(bucket, prefix=prefix, after=after, limit=limit):
        found += page
        after = (page[-1].key, page[-1].rank)
    return found


async def test_buckets_that_have_a_document(store: Metadata) -> None:
    for name in ("a", "b", "c"):
        await store.buckets.create(name, region="r", owner="alice", now_us=NOW_US)
    for name, kind in (("a", "Lifecycle"), ("b", "Cors"), ("c", "Lifecycle")):
        await store.buckets.put_config(name, kind, "{}")
    assert await store.walks.buckets("Lifecycle") == ["a", "c"]
    assert await store.walks.buckets("Lifecycle", after="a") == ["c"]
    assert await store.walks.buckets("Lifecycle", limit=1) == ["a"]
    assert await store.walks.buckets("None") == []


async def test_objects_by_key_with_what_rules_look_at(store: Metadata) -> None:
    await store.objects.put(new_object("b", content(5), modified_us=NOW_US + 1))
    await store.objects.put(new_object("a", content(), extras=Extras(tags={"t": "1"})))
    await store.objects.alter(
        "photos", "b", None, lambda o: replace(o, properties=replace(o.properties, storage_class="GLACIER"))
    )
    assert await everything(store) == [
        Walked("a", 0, "null", NOW_US, 0, "STANDARD", {"t": "1"}, False),
        Walked("b", 0, "null", NOW_US + 1, 5, "GLACIER", {}, False),
    ]


async def test_below_a_prefix_page_by_page(store: Metadata) -> None:
    keys = [f"{folder}/{n}" for folder in ("a", "b", "c") for n in range(5)]
    for key in keys:
        await store.objects.put(new_object(key))
    for limit in (1, 2, 5, 99):
        assert [row.key for row in await everything(store, "b/", limit)] == keys[5:10]
        assert [row.key for row in await everything(store, "", limit)] == keys


async def test_versions_and_markers_newest_first(store: Metadata) -> None:
    await store.objects.put(new_object("a"))
    await store.buckets.set_versioning("photos", "Enabled")
    made = [await store.objects.put(new_object("a")) for _ in range(2)]
    hidden = await store.objects.delete("photos", "a")
    await store.objects.put(new_object("b"))
    lone = await store.objects.delete("photos", "c")
    for limit in (1, 2, 99):
        found = await everything(store, limit=limit)
        assert [(row.key, row.version_id, row.marker) for row in found if row.key != "b"] == [
            ("a", hidden.version_id, True),
            ("a", made[1], False),
            ("a", made[0], False),
            ("a", "null", False),
            ("c", lone.version_id, True),
        ]
        assert [row.key for row in found].count("b") == 1


async def test_progress_is_kept(store: Metadata) -> None:
    assert await store.walks.progress("lifecycle") is None
    await store.walks.keep_progress("lifecycle", "{}")
    await store.walks.keep_progress("lifecycle", '{"bucket": "b"}')
    assert await store.walks.progress("lifecycle") == '{"bucket": "b"}'
