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
    await store.create_upload(made)
    return made


async def fill(store: Metadata, to: Upload, *contents: Content) -> list[Part]:
    for number, each in enumerate(contents, 1):
        await store.put_part(to.bucket, to.key, to.id, part(number, each.size), each)
    return await store.list_parts(to.id, after=0, limit=MANY)


async def test_an_upload_becomes_an_object(store: Metadata) -> None:
    made = await begun(store)
    assert await store.get_upload("photos", "big", made.id) == made
    parts = await fill(store, made, content(10), content(20, 5), content(0), content(7))
    new = new_object("big", Content(42), etag="e-4")
    await store.complete_upload(made, parts, new)
    found = await store.get_object("photos", "big")
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
    assert [p.start for p in await store.object_parts(found.data_id, after=0, limit=9)] == [0, 10, 35, 35]
    second = await store.object_part(found.data_id, 2)
    assert second is not None
    assert (second.etag, second.size, second.start) == (parts[1].etag, 25, 10)
    assert await store.object_part(found.data_id, 9) is None
    with pytest.raises(NoSuchUpload):
        await store.get_upload("photos", "big", made.id)
    await store.put_object(new_object("big"))
    assert len(await store.garbage(1 << 60, 9)) == 4


async def test_parts_are_replaced_and_left_out(store: Metadata) -> None:
    made = await begun(store)
    await fill(store, made, content(1), content(2), content(3))
    await store.put_part("photos", "big", made.id, part(2, 9), content(4, 5))
    parts = await store.list_parts(made.id, after=0, limit=9)
    assert [p.size for p in parts] == [1, 9, 3]
    assert [p.size for p in await store.list_parts(made.id, after=1, limit=1)] == [9]
    await store.complete_upload(made, parts[1:], new_object("big", Content(12)))
    found = await store.get_object("photos", "big")
    assert [(e.start, e.length) for e in await extents_of(store, found)] == [(0, 4), (4, 5), (9, 3)]
    assert {g.blob.size for g in await store.garbage(1 << 60, 9)} == {1, 2}


async def test_completion_is_refused_where_something_changed(store: Metadata) -> None:
    made = await begun(store)
    parts = await fill(store, made, content(1), content(2))
    await store.put_part("photos", "big", made.id, part(2, 2), content(2))
    new = new_object("big", Content(3))
    with pytest.raises(PartChanged) as told:
        await store.complete_upload(made, parts, new)
    assert told.value.number == 2
    parts = await store.list_parts(made.id, after=0, limit=9)
    with pytest.raises(NoSuchKey):
        await store.complete_upload(made, parts, new, Conditions(if_match="x"))
    await store.put_object(new_object("big"))
    with pytest.raises(PreconditionFailed):
        await store.complete_upload(made, parts, new, Conditions(if_none_match="*"))
    await store.complete_upload(made, parts, new)
    with pytest.raises(NoSuchUpload):
        await store.complete_upload(made, parts, new)


async def test_only_one_of_many_completions_and_abortions(store: Metadata) -> None:
    made = await begun(store)
    parts = await fill(store, made, content(1), content(2))
    results = await asyncio.gather(
        *(store.complete_upload(made, parts, new_object("big", Content(3))) for _ in range(4)),
        *(store.abort_upload("photos", "big", made.id) for _ in range(4)),
        store.put_part("photos", "big", made.id, part(2, 2), content(2)),
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
    await store.abort_upload("photos", "big", made.id)
    assert {g.blob.size for g in await store.garbage(1 << 60, 9)} == {1, 2, 3}
    for attempt in (store.abort_upload("photos", "big", made.id), store.get_upload("photos", "big", made.id),
                    store.put_part("photos", "big", made.id, part(1, 1), content(1))):  # fmt: skip
        with pytest.raises(NoSuchUpload):
            await attempt


async def test_an_upload_belongs_to_its_key_and_bucket(store: Metadata) -> None:
    made = await begun(store)
    with pytest.raises(NoSuchUpload):
        await store.get_upload("photos", "other", made.id)
    with pytest.raises(NoSuchUpload):
        await store.put_part("photos", "other", made.id, part(1, 1), content(1))
    for attempt in (store.get_upload("none", "big", made.id), store.abort_upload("none", "big", made.id),
                    store.create_upload(upload("a", bucket="none"))):  # fmt: skip
        with pytest.raises(NoSuchBucket):
            await attempt
    with pytest.raises(NoSuchUpload):
        await store.abort_upload("photos", "other", made.id)


async def test_parts_copied_from_objects(store: Metadata) -> None:
    source = new_object("a", content(10, 20))
    await store.put_object(source)
    made = await begun(store)
    piece = shared([source.content.extents[0]])
    checked = Part(1, "e1", 10, NOW_US, Checksum("CRC32", "FULL_OBJECT", "AAAAAA=="))
    await store.put_part("photos", "big", made.id, checked, piece)
    assert await store.list_parts(made.id, after=0, limit=9) == [checked]
    await store.delete_object("photos", "a")
    assert {g.blob.size for g in await store.garbage(1 << 60, 9)} == {20}
    await store.put_part("photos", "big", made.id, part(1, 10), piece)
    with pytest.raises(BlobGone):
        await store.put_part("photos", "big", made.id, part(2, 20), shared([source.content.extents[1]]))


async def test_ten_thousand_parts(store: Metadata, url: str) -> None:
    made = await begun(store)
    writes = [store.put_part("photos", "big", made.id, part(at, 8), content(8)) for at in range(1, MANY + 1)]
    await asyncio.gather(*writes)
    parts = await store.list_parts(made.id, after=0, limit=MANY)
    await store.complete_upload(made, parts, new_object("big", Content(8 * MANY)))
    found = await store.get_object("photos", "big")
    assert found.parts == MANY
    assert [e.start for e in await store.extents(found.data_id, 39_999, 40_001)] == [39_992, 40_000]
    check_consistent(url)
    assert await store.delete_object("photos", "big")
    assert len(await store.garbage(1 << 60, MANY + 1)) == MANY


async def test_of_older_uploads_it_is_the_owner_who_began_them(store: Metadata) -> None:
    made = replace(upload("old"), initiator="")
    await store.create_upload(made)
    assert (await store.get_upload("photos", "old", made.id)).initiator == "alice"
    assert [each.initiator for each in (await store.list_uploads("photos")).uploads] == ["alice"]
