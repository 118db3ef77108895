from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from metadata import Metadata, open_metadata
from metadata.errors import (
    BucketNotEmpty,
    IsDeleteMarker,
    KeyDeleted,
    NoSuchBucket,
    NoSuchKey,
    NoSuchVersion,
    ObjectLocked,
    PreconditionFailed,
)
from metadata.records import Conditions, Extras, Lock, Object
from tests.metadata.made import ETAG, check_consistent, content, doomed, new_object, upload

HOUR_US = 3_600_000_000


@pytest.fixture
async def versioned(store: Metadata) -> Metadata:
    await store.buckets.set_versioning("photos", "Enabled")
    return store


async def listed(store: Metadata, **more: object) -> list[tuple[str, str, bool, bool]]:
    page = await store.objects.list_versions("photos", **more)  # type: ignore[arg-type]
    return [(v.key, v.version_id, v.latest, v.marker) for v in page.versions]


async def put(store: Metadata, key: str = "a") -> str:
    made = await store.objects.put(new_object(key))
    assert made is not None
    return made


async def test_the_state_of_versioning(store: Metadata) -> None:
    assert (await store.buckets.get("photos")).versioning == "Off"
    await store.buckets.set_versioning("photos", "Enabled")
    bucket = await store.buckets.get("photos")
    assert (bucket.versioning, bucket.revision) == ("Enabled", 1)
    with pytest.raises(NoSuchBucket):
        await store.buckets.set_versioning("none", "Enabled")


async def test_every_write_is_a_version(versioned: Metadata, url: str) -> None:
    store = versioned
    ids = [await put(store) for _ in range(3)]
    assert len(set(ids)) == 3
    assert await listed(store) == [
        ("a", ids[2], True, False), ("a", ids[1], False, False), ("a", ids[0], False, False)]  # fmt: skip
    for version_id in ids:
        found = await store.objects.get("photos", "a", version_id)
        assert (found.version_id, found.versioned) == (version_id, True)
    assert (await store.objects.get("photos", "a")).version_id == ids[2]
    with pytest.raises(NoSuchVersion):
        await store.objects.get("photos", "a", "0" * 30)
    assert [o.key for o in (await store.objects.list("photos")).objects] == ["a"]
    check_consistent(url)


async def test_what_was_there_before_versioning_is_the_version_null(store: Metadata, url: str) -> None:
    assert await store.objects.put(new_object("a")) is None
    await store.buckets.set_versioning("photos", "Enabled")
    newer = await put(store)
    assert await listed(store) == [("a", newer, True, False), ("a", "null", False, False)]
    await store.buckets.set_versioning("photos", "Suspended")
    assert await put(store) == "null"
    assert await listed(store) == [("a", "null", True, False), ("a", newer, False, False)]
    assert len(await store.garbage.due(1 << 60, 9)) == 1
    assert await put(store) == "null"
    assert len(await store.garbage.due(1 << 60, 9)) == 2
    check_consistent(url)


async def test_a_delete_hides_and_deleting_the_marker_brings_back(versioned: Metadata, url: str) -> None:
    store = versioned
    first = await put(store)
    gone = await store.objects.delete("photos", "a", owner="alice")
    assert gone.marker
    assert gone.version_id is not None
    with pytest.raises(KeyDeleted) as told:
        await store.objects.get("photos", "a")
    assert told.value.version_id == gone.version_id
    with pytest.raises(IsDeleteMarker):
        await store.objects.get("photos", "a", gone.version_id)
    assert (await store.objects.list("photos")).objects == []
    assert await listed(store) == [("a", gone.version_id, True, True), ("a", first, False, False)]
    assert (await store.objects.get("photos", "a", first)).version_id == first
    back = await store.objects.delete("photos", "a", version_id=gone.version_id)
    assert back == (True, gone.version_id, True)
    assert (await store.objects.get("photos", "a")).version_id == first
    assert await store.garbage.due(1 << 60, 9) == []
    check_consistent(url)


async def test_a_marker_where_nothing_was(versioned: Metadata, url: str) -> None:
    one = await versioned.objects.delete("photos", "never")
    two = await versioned.objects.delete("photos", "never")
    assert await listed(versioned) == [
        ("never", str(two.version_id), True, True), ("never", str(one.version_id), False, True)]  # fmt: skip
    newer = await put(versioned, "never")
    assert (await versioned.objects.get("photos", "never")).version_id == newer
    check_consistent(url)


async def test_suspended_deletes_replace_the_null_version(store: Metadata, url: str) -> None:
    await store.objects.put(new_object("a", content(5, 6)))
    await store.buckets.set_versioning("photos", "Enabled")
    kept = await put(store)
    await store.buckets.set_versioning("photos", "Suspended")
    assert await store.objects.delete("photos", "a") == (True, "null", True)
    assert await listed(store) == [("a", "null", True, True), ("a", kept, False, False)]
    assert len(await store.garbage.due(1 << 60, 9)) == 2
    assert await store.objects.delete("photos", "a") == (True, "null", True)
    assert await listed(store) == [("a", "null", True, True), ("a", kept, False, False)]
    await store.objects.delete("photos", "a", version_id="null")
    assert (await store.objects.get("photos", "a")).version_id == kept
    check_consistent(url)


async def test_destroying_versions_one_by_one(versioned: Metadata, url: str) -> None:
    store = versioned
    ids = [await put(store) for _ in range(4)]
    await store.objects.delete("photos", "a", version_id=ids[1])
    await store.objects.delete("photos", "a", version_id=ids[3])
    assert (await store.objects.get("photos", "a")).version_id == ids[2]
    check_consistent(url)
    with pytest.raises(BucketNotEmpty):
        await store.buckets.delete("photos")
    await store.objects.delete("photos", "a", version_id=ids[2])
    await store.objects.delete("photos", "a", version_id=ids[0])
    assert await store.objects.delete("photos", "a", version_id=ids[0]) == (False, ids[0], False)
    assert await listed(store) == []
    assert len(await store.garbage.due(1 << 60, 9)) == 4
    await store.buckets.delete("photos")
    check_consistent(url)


async def test_a_bucket_of_old_versions_alone_is_not_empty(versioned: Metadata) -> None:
    await versioned.objects.delete("photos", "a")
    with pytest.raises(BucketNotEmpty):
        await versioned.buckets.delete("photos")


async def test_conditions_look_at_the_current_version(versioned: Metadata) -> None:
    store = versioned
    await put(store)
    with pytest.raises(PreconditionFailed):
        await store.objects.put(new_object("a"), Conditions(if_none_match="*"))
    await store.objects.delete("photos", "a")
    with pytest.raises(NoSuchKey):
        await store.objects.put(new_object("a"), Conditions(if_match=ETAG))
    with pytest.raises(NoSuchKey):
        await store.objects.delete("photos", "a", Conditions(if_match="*"))
    for hidden in (Conditions(if_match_size=100), Conditions(if_match_modified_s=1)):
        with pytest.raises(PreconditionFailed):
            await store.objects.delete("photos", "a", hidden)
    assert (await store.objects.delete("photos", "never", Conditions(if_match_size=100))).marker
    await store.objects.put(new_object("a"), Conditions(if_none_match="*"))


async def test_many_deletes_in_a_versioned_bucket(versioned: Metadata, url: str) -> None:
    store = versioned
    old, new = await put(store), await put(store)
    got = await store.objects.delete_many(
        "photos",
        [
            doomed("a", version_id=old),
            doomed("a"),
            doomed("a", if_match="*"),
            doomed("b", version_id="0" * 30),
        ],
    )
    assert got[0] == (True, old, False)
    assert isinstance(got[1], tuple)
    assert got[1].marker
    assert isinstance(got[2], NoSuchKey)
    assert got[3] == (False, "0" * 30, False)
    assert [row[1:] for row in await listed(store)] == [(got[1].version_id, True, True), (new, False, False)]
    check_consistent(url)


async def test_a_locked_version_is_not_destroyed(versioned: Metadata) -> None:
    store = versioned
    made = new_object("a")
    for lock, bypass_helps in (
        (Lock("GOVERNANCE", made.modified_us + 10**6 * HOUR_US), True),
        (Lock("COMPLIANCE", made.modified_us + 10**6 * HOUR_US), False),
        (Lock(hold=True), False),
    ):
        version_id = await store.objects.put(replace(new_object("a"), extras=Extras(lock=lock)))
        with pytest.raises(ObjectLocked):
            await store.objects.delete("photos", "a", version_id=version_id)
        refused = await store.objects.delete_many("photos", [doomed("a", version_id=version_id)])
        assert [type(each) for each in refused] == [ObjectLocked]
        await put(store)
        if bypass_helps:
            assert (await store.objects.delete("photos", "a", version_id=version_id, bypass=True)).found
        else:
            with pytest.raises(ObjectLocked):
                await store.objects.delete("photos", "a", version_id=version_id, bypass=True)
    past = await store.objects.put(replace(new_object("a"), extras=Extras(lock=Lock("COMPLIANCE", 1))))
    assert (await store.objects.delete("photos", "a", version_id=past)).found


async def test_altering_a_version(versioned: Metadata) -> None:
    store = versioned
    old, new = await put(store), await put(store)

    def tagged(found: Object) -> Object:
        return replace(found, extras=replace(found.extras, tags={"colour": "blue"}))

    for version_id in (old, None):
        assert (await store.objects.alter("photos", "a", version_id, tagged)).extras.tags == {
            "colour": "blue"
        }
        assert (await store.objects.get("photos", "a", version_id)).extras == Extras(tags={"colour": "blue"})
    assert (await store.objects.get("photos", "a")).version_id == new
    with pytest.raises(NoSuchVersion):
        await store.objects.alter("photos", "a", "0" * 30, tagged)

    def refused(_: Object) -> Object:
        raise PreconditionFailed("x")

    with pytest.raises(PreconditionFailed):
        await store.objects.alter("photos", "a", None, refused)


async def test_extras_travel_with_uploads_and_versions(versioned: Metadata) -> None:
    store = versioned
    extras = Extras({"a": "b"}, {"grants": []}, Lock("GOVERNANCE", 5, hold=True), {"algorithm": "AES256"})
    new = replace(upload("a"), extras=extras)
    await store.uploads.create(new)
    assert (await store.uploads.get("photos", "a", new.id)).extras == extras
    version_id = await store.objects.put(replace(new_object("a"), extras=extras))
    await put(store)
    assert (await store.objects.get("photos", "a", version_id)).extras == extras


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_of_versions(versioned: Metadata, limit: int) -> None:
    store = versioned
    for key in ("a", "b/1", "b/2", "c"):
        for _ in range(3):
            await put(store, key)
    await store.objects.delete("photos", "c")
    whole = await listed(store)
    assert [row[0] for row in whole] == ["a"] * 3 + ["b/1"] * 3 + ["b/2"] * 3 + ["c"] * 4
    assert [row[2] for row in whole].count(True) == 4
    for delimiter in (None, "/"):
        seen: list[tuple[str, str, bool, bool]] = []
        prefixes: list[str] = []
        key: str | None = None
        version: str | None = None
        while True:
            page = await store.objects.list_versions(
                "photos", delimiter=delimiter, key_marker=key, version_marker=version, limit=limit
            )
            assert len(page.versions) + len(page.prefixes) <= limit
            seen += [(v.key, v.version_id, v.latest, v.marker) for v in page.versions]
            prefixes += page.prefixes
            key, version = page.next_key, page.next_version
            if key is None:
                break
        assert seen == [row for row in whole if delimiter is None or "/" not in row[0]]
        assert prefixes == ([] if delimiter is None else ["b/"])


async def test_a_page_goes_on_behind_a_version_that_is_gone(versioned: Metadata) -> None:
    ids = [await put(versioned) for _ in range(4)]
    await versioned.objects.delete("photos", "a", version_id=ids[2])
    page = await versioned.objects.list_versions("photos", key_marker="a", version_marker=ids[2])
    assert [v.version_id for v in page.versions] == [ids[1], ids[0]]
    assert not page.versions[0].latest


async def test_writers_side_by_side_keep_the_rules(versioned: Metadata, url: str) -> None:
    """Several gateways at once write, hide and destroy versions of the same few keys."""
    dice = random.Random(11)
    others = [versioned, *[await open_metadata(url, instance=f"s{at}") for at in range(2)]]
    made: set[bytes] = set()

    async def act(on: Metadata) -> None:
        key = dice.choice("ab")
        what = content(*(dice.randint(1, 9) for _ in range(dice.choice([0, 1, 1, 2]))))
        known = [v.version_id for v in (await on.objects.list_versions("photos", prefix=key)).versions]
        match dice.randint(0, 6):
            case 0 | 1 | 2:
                await on.objects.put(new_object(key, what))
                made.update(what.new_blobs)
            case 3:
                await on.objects.delete("photos", key)
            case 4 if known:
                await on.objects.delete("photos", key, version_id=dice.choice(known))
            case 5 if known:
                await on.objects.delete_many("photos", [doomed(key, version_id=known[0]), doomed(key)])
            case 6:
                await on.buckets.set_versioning("photos", dice.choice(["Enabled", "Enabled", "Suspended"]))

    for _ in range(25):
        async with asyncio.TaskGroup() as writers:  # one that fails ends the others, before anybody looks
            for on in others * 3:
                writers.create_task(act(on))
        check_consistent(url, made=made)
    for other in others[1:]:
        await other.close()


async def test_settings_of_a_bucket(store: Metadata) -> None:
    bucket = await store.buckets.get("photos")
    await store.buckets.put_config("photos", "Cors", '{"a":1}')
    await store.buckets.put_config("photos", "Inventory", "{}", id="z")
    await store.buckets.put_config("photos", "Cors", '{"a":2}')
    assert (await store.buckets.get("photos")).revision == bucket.revision + 3
    assert await store.buckets.configs(bucket.id) == {("Cors", ""): '{"a":2}', ("Inventory", "z"): "{}"}
    assert await store.buckets.delete_config("photos", "Cors") is True
    assert await store.buckets.delete_config("photos", "Cors") is False
    made = await store.buckets.create(
        "born", region="r", owner="o", now_us=1, versioning="Enabled", configs={"ObjectLock": "{}"}
    )
    assert made == await store.buckets.get("born")
    assert await store.buckets.configs(made.id) == {("ObjectLock", ""): "{}"}
    await store.buckets.delete("born")
    with pytest.raises(NoSuchBucket):
        await store.buckets.put_config("born", "Cors", "{}")
