from __future__ import annotations

import asyncio
import os

import pytest

from metadata import Metadata
from metadata.errors import BlobGone, InvalidKey, MetadataError, NoSuchBucket, NoSuchKey, PreconditionFailed
from metadata.records import Conditions, Content, Deleted, Extent, MissingChunk, Properties
from tests.metadata.made import ETAG, content, doomed, extents_of, new_object, query, shared

GONE = Deleted(True)

ANY = Conditions(if_none_match="*")


async def test_what_is_put_is_got(store: Metadata) -> None:
    properties = Properties({"ContentType": "text/plain"}, {"who": "alice \N{HONEYBEE}\0"}, "STANDARD_IA")
    new = new_object("a/\N{HONEYBEE}\U0010ffff", properties=properties)
    await store.objects.put(new)
    found = await store.objects.get("photos", new.key)
    assert (found.key, found.version_id, found.data_id, found.etag) == (
        new.key,
        "null",
        new.data_id,
        new.etag,
    )
    assert (found.size, found.modified_us, found.owner) == (100, new.modified_us, "alice")
    assert (found.properties, found.checksum, found.parts) == (properties, new.checksum, 0)
    assert found.extent == new.content.extents[0]


async def test_no_bucket_and_no_key_are_told_apart(store: Metadata) -> None:
    with pytest.raises(NoSuchKey):
        await store.objects.get("photos", "a")
    for attempt in (store.objects.get("none", "a"), store.objects.put(new_object("a", bucket="none")),
                    store.objects.delete("none", "a"), store.objects.delete_many("none", [doomed("a")]),
                    store.objects.list("none"), store.uploads.list("none")):  # fmt: skip
        with pytest.raises(NoSuchBucket):
            await attempt


async def test_an_empty_object_and_one_of_several_extents(store: Metadata) -> None:
    await store.objects.put(new_object("empty", Content(0)))
    assert (await store.objects.get("photos", "empty")).extent is None
    new = new_object("several", content(10, 20, 30))
    await store.objects.put(new)
    found = await store.objects.get("photos", "several")
    assert found.extent is None
    for start, stop, picked in (
        (0, 60, [0, 1, 2]),
        (0, 1, [0]),
        (9, 11, [0, 1]),
        (10, 30, [1]),
        (29, 31, [1, 2]),
        (59, 99, [2]),
    ):
        assert await store.objects.extents(found.data_id, start, stop) == [
            new.content.extents[at] for at in picked
        ]
    await store.objects.put(new_object("several"))
    with pytest.raises(BlobGone):
        await store.objects.extents(found.data_id, 0, 60)


async def test_what_is_replaced_or_deleted_becomes_garbage(store: Metadata) -> None:
    old, new = new_object("a", content(1, 2)), new_object("a", content(3))
    await store.objects.put(old)
    await store.objects.put(new)
    assert {g.blob for g in await store.garbage.due(1 << 60, 9)} == {e.blob for e in old.content.extents}
    assert await store.objects.delete("photos", "a") == GONE
    assert await store.objects.delete("photos", "a") == Deleted(False)
    assert len(await store.garbage.due(1 << 60, 9)) == 3


async def test_a_write_repeated_after_an_unknown_outcome_changes_nothing(store: Metadata) -> None:
    new = new_object("a")
    await store.objects.put(new, ANY)
    await store.objects.put(new, ANY)
    assert await store.garbage.due(1 << 60, 9) == []


async def test_conditions_of_writes(store: Metadata) -> None:
    with pytest.raises(NoSuchKey):
        await store.objects.put(new_object("a"), Conditions(if_match=ETAG))
    await store.objects.put(new_object("a"), ANY)
    for refused, name in ((ANY, "If-None-Match"), (Conditions(if_none_match=ETAG), "If-None-Match"),
                          (Conditions(if_match="other"), "If-Match")):  # fmt: skip
        with pytest.raises(PreconditionFailed) as told:
            await store.objects.put(new_object("a"), refused)
        assert told.value.condition == name
    await store.objects.put(new_object("a"), Conditions(if_match=ETAG))
    await store.objects.put(new_object("a"), Conditions(if_match="*"))
    await store.objects.put(new_object("a"), Conditions(if_none_match="other"))


async def test_conditions_of_deletes(store: Metadata) -> None:
    new = new_object("a")
    for missing in (Conditions(if_match="*"), Conditions(if_match_modified_us=1)):
        with pytest.raises(NoSuchKey):
            await store.objects.delete("photos", "a", missing)
    for fine in (Conditions(if_match_size=100), Conditions(if_match_modified_s=1)):
        assert await store.objects.delete("photos", "a", fine) == Deleted(False)
    await store.objects.put(new)
    for refused in (
        Conditions(if_match="other"),
        Conditions(if_match_size=1),
        Conditions(if_match_modified_us=1),
        Conditions(if_match_modified_s=1),
    ):
        with pytest.raises(PreconditionFailed):
            await store.objects.delete("photos", "a", refused)
    assert await store.objects.delete("photos", "a", Conditions(ETAG, None, new.modified_us, 100))
    again = new_object("a")
    await store.objects.put(again)
    seconds = Conditions(if_match_size=100, if_match_modified_s=again.modified_us // 1_000_000)
    assert await store.objects.delete("photos", "a", seconds)


async def test_many_deletes_have_each_their_verdict(store: Metadata) -> None:
    for key in "abc":
        await store.objects.put(new_object(key, content(5, 6) if key == "c" else None))
    wanted = [doomed("a"), doomed("b", if_match="other"), doomed("none", if_match="*"),
              doomed("none"), doomed("c", if_match=ETAG), doomed("a")]  # fmt: skip
    got = await store.objects.delete_many("photos", wanted)
    assert [type(each) if isinstance(each, MetadataError) else each for each in got] == [
        GONE, PreconditionFailed, NoSuchKey, Deleted(False), GONE, Deleted(False)]  # fmt: skip
    assert [o.key for o in (await store.objects.list("photos")).objects] == ["b"]


@pytest.mark.parametrize("key", ["a\0b", "a\ud800b"])
async def test_keys_that_no_database_holds(store: Metadata, key: str) -> None:
    for attempt in (store.objects.put(new_object(key)), store.objects.get("photos", key),
                    store.objects.delete("photos", key),
                    store.objects.list("photos", prefix=key), store.uploads.list("photos", key_marker=key),
                    store.objects.delete_many("photos", [doomed(key)])):  # fmt: skip
        with pytest.raises(InvalidKey):
            await attempt


async def test_copies_share_blobs_and_the_last_one_buries_them(store: Metadata) -> None:
    await store.objects.put(new_object("a"))
    found = await store.objects.get("photos", "a")
    copied = shared(await extents_of(store, found))
    await store.objects.put(new_object("b", copied))
    await store.objects.put(new_object("a", copied))
    await store.objects.delete_many("photos", [doomed("a")])
    assert await store.garbage.due(1 << 60, 9) == []
    await store.objects.delete("photos", "b")
    assert [g.blob.id for g in await store.garbage.due(1 << 60, 9)] == [
        found.extent.blob.id if found.extent else b""
    ]
    with pytest.raises(BlobGone):
        await store.objects.put(new_object("c", copied))


async def test_a_blob_in_one_object_many_times(store: Metadata) -> None:
    base = content(10)
    only = base.extents[0].blob
    twice = Content(14, (Extent(0, 10, only), Extent(10, 4, only, 2)), base.new_blobs)
    await store.objects.put(new_object("a", twice))
    assert await store.objects.delete_many("photos", [doomed("a")]) == [GONE]
    assert len(await store.garbage.due(1 << 60, 9)) == 1


async def test_two_deletes_in_one_request_of_one_blob(store: Metadata) -> None:
    new = new_object("a")
    await store.objects.put(new)
    await store.objects.put(new_object("b", shared(list(new.content.extents))))
    assert await store.objects.delete_many("photos", [doomed("a"), doomed("b")]) == [GONE, GONE]
    assert len(await store.garbage.due(1 << 60, 9)) == 1


async def test_what_a_write_missed_is_queued_with_it_and_its_intent_ends(store: Metadata, url: str) -> None:
    what = content(10)
    blob_id = what.extents[0].blob.id
    await store.blobs.add_pending([blob_id, b"other" * 3 + b"!"], 5)
    missing = (MissingChunk(blob_id, 0, 3), MissingChunk(blob_id, 0, 7))
    await store.objects.put(new_object("a", Content(10, what.extents, what.new_blobs, missing)))
    assert {r.missing for r in await store.repairs.due(10)} == set(missing)
    assert query(url, "SELECT count(*) FROM pending") == [(1,)]


async def test_one_failing_write_spoils_no_other_of_its_batch(store: Metadata) -> None:
    old = new_object("old")
    await store.objects.put(old)
    not_new = new_object("bad", Content(100, old.content.extents, old.content.new_blobs))
    writes = [new_object(f"k{at}") for at in range(8)]
    results = await asyncio.gather(
        *(store.objects.put(new) for new in writes[:4]),
        store.objects.put(not_new),
        store.objects.put(new_object("old"), ANY),
        store.objects.put(new_object("x", bucket="none")),
        *(store.objects.put(new) for new in writes[4:]),
        return_exceptions=True,
    )
    assert [type(each).__name__ for each in results] == (
        ["NoneType"] * 4 + ["ValueError", "PreconditionFailed", "NoSuchBucket"] + ["NoneType"] * 4
    )
    assert [o.key for o in (await store.objects.list("photos")).objects] == [
        *(f"k{at}" for at in range(8)),
        "old",
    ]


async def test_writes_of_one_key_see_each_other(store: Metadata) -> None:
    await asyncio.gather(*(store.objects.put(new_object("a")) for _ in range(20)))
    assert len(await store.garbage.due(1 << 60, 99)) == 19
    found = await asyncio.gather(*(store.objects.delete("photos", "a") for _ in range(5)))
    assert sorted(done.found for done in found) == [False] * 4 + [True]


async def test_a_write_given_up_before_it_began_is_not_made(store: Metadata) -> None:
    waiting = asyncio.ensure_future(store.objects.put(new_object("a")))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await store.ping()
    with pytest.raises(NoSuchKey):
        await store.objects.get("photos", "a")


async def test_a_closed_store_says_so(store: Metadata) -> None:
    kept = store.objects.put(new_object(os.urandom(4).hex()))
    await kept
    await store.close()
    with pytest.raises(MetadataError):
        await store.objects.put(new_object("b"))
    with pytest.raises(MetadataError):
        await store.objects.get("photos", "b")
