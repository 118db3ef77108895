from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from metadata import Metadata
from metadata.errors import BlobGone, NoSuchBucket, NoSuchKey, NoSuchUpload, PartChanged, PreconditionFailed
from metadata.records import Checksum, Conditions, Content, Part, Upload
from tests.metadata.made import (
    NOW_US,
    check_consistent,
    content,
    extents_of,
    new_object,
    part,
    shared,
    upload,
)

MANY = 10_000


async def begun(store: Metadata, key: str = "big") -> Upload:
    made = upload(key)
    await store.uploads.create(made)
    return made


async def fill(store: Metadata, to: Upload, *contents: Content) -> list[Part]:
    for number, each in enumerate(contents, 1):
        await store.uploads.put_part(to.bucket, to.key, to.id, part(number, each.size), each)
    return await store.uploads.list_parts(to.id, after=0, limit=MANY)


async def test_an_upload_becomes_an_object(store: Metadata) -> None:
    made = await begun(store)
    assert await store.uploads.get("photos", "big", made.id) == made
    parts = await fill(store, made, content(10), content(20, 5), content(0), content(7))
    new = new_object("big", Content(42), etag="e-4")
    await store.uploads.complete(made, parts, new)
    found = await store.objects.get("photos", "big")
    assert (found.data_id, found.etag, found.size, found.parts, found.extent) == (
        new.data_id,
        "e-4",
        42,
        4,
        None,
    )
    assert [(e.start, e.length) for e in await extents_of(store, found)] == [
        (0, 10),
        (10, 20),
        (30, 5),
        (35, 7),
    ]
    assert [p.start for p in await store.objects.parts(found.data_id, after=0, limit=9)] == [0, 10, 35, 35]
    second = await store.objects.part(found.data_id, 2)
    assert second is not None
    assert (second.etag, second.size, second.start) == (parts[1].etag, 25, 10)
    assert await store.objects.part(found.data_id, 9) is None
    with pytest.raises(NoSuchUpload):
        await store.uploads.get("photos", "big", made.id)
    await store.objects.put(new_object("big"))
    assert len(await store.garbage.due(1 << 60, 9)) == 4


async def test_parts_are_replaced_and_left_out(store: Metadata) -> None:
    made = await begun(store)
    await fill(store, made, content(1), content(2), content(3))
    await store.uploads.put_part("photos", "big", made.id, part(2, 9), content(4, 5))
    parts = await store.uploads.list_parts(made.id, after=0, limit=9)
    assert [p.size for p in parts] == [1, 9, 3]
    assert [p.size for p in await store.uploads.list_parts(made.id, after=1, limit=1)] == [9]
    await store.uploads.complete(made, parts[1:], new_object("big", Content(12)))
    found = await store.objects.get("photos", "big")
    assert [(e.start, e.length) for e in await extents_of(store, found)] == [(0, 4), (4, 5), (9, 3)]
    assert {g.blob.size for g in await store.garbage.due(1 << 60, 9)} == {1, 2}


async def test_completion_is_refused_where_something_changed(store: Metadata) -> None:
    made = await begun(store)
    parts = await fill(store, made, content(1), content(2))
    await store.uploads.put_part("photos", "big", made.id, part(2, 2), content(2))
    new = new_object("big", Content(3))
    with pytest.raises(PartChanged) as told:
        await store.uploads.complete(made, parts, new)
    assert told.value.number == 2
    parts = await store.uploads.list_parts(made.id, after=0, limit=9)
    with pytest.raises(NoSuchKey):
        await store.uploads.complete(made, parts, new, Conditions(if_match="x"))
    await store.objects.put(new_object("big"))
    with pytest.raises(PreconditionFailed):
        await store.uploads.complete(made, parts, new, Conditions(if_none_match="*"))
    await store.uploads.complete(made, parts, new)
    with pytest.raises(NoSuchUpload):
        await store.uploads.complete(made, parts, new)


async def test_only_one_of_many_completions_and_abortions(store: Metadata) -> None:
    made = await begun(store)
    parts = await fill(store, made, content(1), content(2))
    results = await asyncio.gather(
        *(store.uploads.complete(made, parts, new_object("big", Content(3))) for _ in range(4)),
        *(store.uploads.abort("photos", "big", made.id) for _ in range(4)),
        store.uploads.put_part("photos", "big", made.id, part(2, 2), content(2)),
        return_exceptions=True,
    )
    # Where the part came in first, no completion holds any more.
    winners = results[:8].count(None)
    assert winners == 1, results
    refused = {type(each) for each in results if each is not None}
    assert refused <= {NoSuchUpload, PartChanged}, results


async def test_an_aborted_upload_leaves_garbage(store: Metadata) -> None:
    made = await begun(store)
    await fill(store, made, content(1), content(2, 3))
    await store.uploads.abort("photos", "big", made.id)
    assert {g.blob.size for g in await store.garbage.due(1 << 60, 9)} == {1, 2, 3}
    for attempt in (
        store.uploads.abort("photos", "big", made.id),
        store.uploads.get("photos", "big", made.id),
        store.uploads.put_part("photos", "big", made.id, part(1, 1), content(1)),
    ):
        with pytest.raises(NoSuchUpload):
            await attempt


async def test_an_upload_belongs_to_its_key_and_bucket(store: Metadata) -> None:
    made = await begun(store)
    with pytest.raises(NoSuchUpload):
        await store.uploads.get("photos", "other", made.id)
    with pytest.raises(NoSuchUpload):
        await store.uploads.put_part("photos", "other", made.id, part(1, 1), content(1))
    for attempt in (store.uploads.get("none", "big", made.id), store.uploads.abort("none", "big", made.id),
                    store.uploads.create(upload("a", bucket="none"))):  # fmt: skip
        with pytest.raises(NoSuchBucket):
            await attempt
    with pytest.raises(NoSuchUpload):
        await store.uploads.abort("photos", "other", made.id)


async def test_parts_copied_from_objects(store: Metadata) -> None:
    source = new_object("a", content(10, 20))
    await store.objects.put(source)
    made = await begun(store)
    piece = shared([source.content.extents[0]])
    checked = Part(1, "e1", 10, NOW_US, Checksum("CRC32", "FULL_OBJECT", "AAAAAA=="))
    await store.uploads.put_part("photos", "big", made.id, checked, piece)
    assert await store.uploads.list_parts(made.id, after=0, limit=9) == [checked]
    await store.objects.delete("photos", "a")
    assert {g.blob.size for g in await store.garbage.due(1 << 60, 9)} == {20}
    await store.uploads.put_part("photos", "big", made.id, part(1, 10), piece)
    with pytest.raises(BlobGone):
        await store.uploads.put_part(
            "photos", "big", made.id, part(2, 20), shared([source.content.extents[1]])
        )


async def test_ten_thousand_parts(store: Metadata, url: str) -> None:
    made = await begun(store)
    writes = [
        store.uploads.put_part("photos", "big", made.id, part(at, 8), content(8)) for at in range(1, MANY + 1)
    ]
    await asyncio.gather(*writes)
    parts = await store.uploads.list_parts(made.id, after=0, limit=MANY)
    await store.uploads.complete(made, parts, new_object("big", Content(8 * MANY)))
    found = await store.objects.get("photos", "big")
    assert found.parts == MANY
    assert [e.start for e in await store.objects.extents(found.data_id, 39_999, 40_001)] == [39_992, 40_000]
    check_consistent(url)
    assert await store.objects.delete("photos", "big")
    assert len(await store.garbage.due(1 << 60, MANY + 1)) == MANY


async def test_of_older_uploads_it_is_the_owner_who_began_them(store: Metadata) -> None:
    made = replace(upload("old"), initiator="")
    await store.uploads.create(made)
    assert (await store.uploads.get("photos", "old", made.id)).initiator == "alice"
    assert [each.initiator for each in (await store.uploads.list("photos")).uploads] == ["alice"]
