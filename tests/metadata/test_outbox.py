"""Events are written with the change that makes them, wait, and are delivered or buried once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from metadata import Metadata
from metadata.errors import PreconditionFailed
from metadata.records import (
    NO_CONDITIONS,
    Conditions,
    DeadLetter,
    DeleteRequest,
    Emit,
    Extras,
    NewEvent,
    Object,
)
from tests.metadata.made import NOW_US, content, doomed, new_object, part, upload

FAR_US = 1 << 60


def telling(kind: str, *targets: str) -> Emit:
    """What was told, as text: kind, key, version, ETag, size, and whether a delete marker was made."""

    def emit(
        key: str, version_id: str | None, etag: str | None, size: int | None, marker: bool
    ) -> Sequence[NewEvent]:
        text = f"{kind} {key} {version_id} {etag} {size} {marker}"
        return [NewEvent(target, NOW_US, text) for target in targets or ("hook",)]

    return emit


async def told(store: Metadata, target: str = "hook") -> list[str]:
    return [event.document for event in await store.outbox.due(target, NOW_US, 99)]


async def test_writes_tell_and_refused_ones_do_not(store: Metadata) -> None:
    new = new_object("a", content(7), etag="e1", emit=telling("put"))
    await store.objects.put(new)
    with pytest.raises(PreconditionFailed):
        await store.objects.put(new_object("a", emit=telling("put")), Conditions(if_none_match="*"))
    assert await told(store) == ["put a None e1 7 False"]
    await store.objects.delete("photos", "a", emit=telling("gone"))
    await store.objects.delete("photos", "a", emit=telling("gone"))  # nothing was there
    assert await told(store) == ["put a None e1 7 False", "gone a None None None False"]


async def test_a_repeated_put_tells_once(store: Metadata) -> None:
    new = new_object("a", emit=telling("put"))
    await store.objects.put(new)
    await store.objects.put(new)
    assert len(await told(store)) == 1


async def test_many_deletes(store: Metadata) -> None:
    for key in ("a", "b"):
        await store.objects.put(new_object(key))
    await store.objects.delete_many(
        "photos", [doomed(key) for key in ("a", "b", "c", "a")], emit=telling("gone")
    )
    assert sorted(await told(store)) == [f"gone {key} None None None False" for key in ("a", "b")]


async def test_versions_markers_and_uploads(store: Metadata) -> None:
    await store.buckets.set_versioning("photos", "Enabled")
    first = await store.objects.put(new_object("a", content(1), etag="e", emit=telling("put")))
    hidden = await store.objects.delete("photos", "a", emit=telling("gone"))
    gone = DeleteRequest("a", NO_CONDITIONS, first), DeleteRequest("a", NO_CONDITIONS, hidden.version_id)
    await store.objects.delete_many("photos", gone, emit=telling("gone"))
    assert await told(store) == [
        f"put a {first} e 1 False",
        f"gone a {hidden.version_id} None None True",
        f"gone a {first} None None False",
        f"gone a {hidden.version_id} None None False",
    ]
    begun, piece = upload("u"), part(1, 5)
    await store.uploads.create(begun)
    await store.uploads.put_part("photos", "u", begun.id, piece, content(5))
    done = new_object("u", content()._replace(size=5), etag="e-1", emit=telling("complete"))
    version = await store.uploads.complete(begun, [piece], done)
    assert (await told(store))[-1] == f"complete u {version} e-1 5 False"


async def test_changes_of_a_version_tell(store: Metadata) -> None:
    def tagged(found: Object) -> Object:
        return replace(found, extras=Extras(tags={"a": "1"}))

    await store.objects.put(new_object("a", content(3), etag="e"))
    await store.objects.alter("photos", "a", None, tagged, telling("tagged"))
    await store.objects.alter("photos", "a", None, lambda found: found, telling("unchanged"))
    assert await told(store) == ["tagged a None e 3 False"]


async def test_the_version_that_is_current_now_stays(store: Metadata) -> None:
    await store.buckets.set_versioning("photos", "Enabled")
    first, second = [await store.objects.put(new_object("a")) for _ in range(2)]
    spared = [DeleteRequest("a", NO_CONDITIONS, version, unless_current=True) for version in (second, first)]
    results: list[Any] = await store.objects.delete_many("photos", spared)
    assert [result.found for result in results] == [False, True]


async def test_each_target_has_its_own(store: Metadata) -> None:
    await store.objects.put(new_object("a", emit=telling("put", "hook", "audit")))
    assert len(await told(store)) == len(await told(store, "audit")) == 1
    assert await store.outbox.targets() == {"audit": 1, "hook": 1}
    assert await store.outbox.target_names() == ["audit", "hook"]
    (mine,) = await store.outbox.due("hook", FAR_US, 9)
    await store.outbox.delivered([mine.id])
    assert await told(store) == []
    assert len(await told(store, "audit")) == 1


async def test_retries_wait_and_count(store: Metadata) -> None:
    await store.outbox.add([NewEvent("hook", NOW_US, text) for text in ("1", "2")])
    first, second = await store.outbox.due("hook", NOW_US, 9)
    assert await store.outbox.due("hook", NOW_US - 1, 9) == []
    await store.outbox.retry([first.id], NOW_US + 5)
    assert await store.outbox.due("hook", NOW_US, 9) == [second]
    later = await store.outbox.due("hook", NOW_US + 5, 9)
    assert [(event.document, event.attempts) for event in later] == [("2", 0), ("1", 1)]


async def test_reading_on_from_an_id(store: Metadata) -> None:
    assert await store.outbox.last_id() == 0
    await store.outbox.add([NewEvent("live", NOW_US + n, str(n)) for n in range(5)])
    everything = await store.outbox.after("live", 0, 99)
    assert [event.document for event in everything] == ["0", "1", "2", "3", "4"]
    assert await store.outbox.last_id() == everything[-1].id
    assert await store.outbox.after("live", everything[2].id, 1) == [everything[3]]
    assert await store.outbox.older("live", NOW_US + 2, 99) == [event.id for event in everything[:2]]


async def test_dead_letters(store: Metadata) -> None:
    await store.outbox.add([NewEvent("hook", NOW_US, str(n)) for n in range(4)])
    ids = [event.id for event in await store.outbox.due("hook", NOW_US, 9)]
    await store.outbox.delivered(ids[:1])
    await store.outbox.bury(ids, "it answered 500", now_us=NOW_US + 9, most=2)
    assert await told(store) == []
    assert await store.outbox.dead_letters(9) == [
        DeadLetter(id_, "hook", str(n), 0, "it answered 500", NOW_US + 9)
        for n, id_ in ((3, ids[3]), (2, ids[2]))
    ]
    assert await store.outbox.revive([ids[3], 999_999], NOW_US) == 1
    assert await told(store) == ["3"]
    assert await store.outbox.forget([ids[2], ids[3]]) == 1
    assert await store.outbox.dead_letters(9) == []
