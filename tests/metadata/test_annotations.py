"""Annotations hang on a version's content, and go by a sweep: on both engines, with the books straight."""

from __future__ import annotations

import pytest

from metadata import Metadata
from metadata.errors import BlobGone, ObjectLocked, PreconditionFailed, TooManyAnnotations
from metadata.records import Extras, Lock, NewAnnotation
from metadata.transactions import object_annotations
from tests.metadata.made import check_consistent, content, new_object


def text(name: str = "a", size: int = 10) -> NewAnnotation:
    return NewAnnotation(name, "etag", 1, None, content(size))


async def names(store: Metadata, key: str = "k") -> list[str]:
    found = await store.objects.get("photos", key)
    return [each.name for each in await store.annotations.list(found)]


async def test_they_come_change_and_go(store: Metadata, url: str) -> None:
    await store.objects.put(new_object("k"))
    found = await store.objects.get("photos", "k")
    for name in ("b", "a", "a"):
        await store.annotations.put(found, "photos", text(name), None, None)
        check_consistent(url)
    assert await names(store) == ["a", "b"]
    for _ in range(2):
        await store.annotations.delete(found, "photos", "a", None, None)
    assert await names(store) == ["b"]
    assert (await store.annotations.get("photos", "k", None, "a"))[1] is None
    check_consistent(url)


async def test_those_of_an_object_that_is_no_more_are_swept(store: Metadata, url: str) -> None:
    for key in ("replaced", "deleted", "kept"):
        await store.objects.put(new_object(key))
        await store.annotations.put(await store.objects.get("photos", key), "photos", text(), None, None)
    assert await store.annotations.sweep(100) == 0
    await store.objects.put(new_object("replaced"))
    await store.objects.delete("photos", "deleted")
    assert await names(store, "replaced") == []
    assert await store.annotations.sweep(100) == 2
    assert await store.annotations.sweep(100) == 0
    assert await names(store, "kept") == ["a"]
    check_consistent(url)


async def test_those_of_an_older_version_stay(store: Metadata, url: str) -> None:
    await store.buckets.set_versioning("photos", "Enabled")
    await store.objects.put(new_object("k"))
    old = await store.objects.get("photos", "k")
    await store.annotations.put(old, "photos", text(), None, None)
    await store.objects.put(new_object("k"))
    assert await names(store) == []
    assert await store.annotations.sweep(100) == 0
    await store.annotations.put(old, "photos", text("late"), None, None)
    assert [each.name for each in await store.annotations.list(old)] == ["a", "late"]
    check_consistent(url)


async def test_what_forbids_one(store: Metadata, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    await store.objects.put(new_object("k"))
    found = await store.objects.get("photos", "k")
    with pytest.raises(PreconditionFailed):
        await store.annotations.put(found, "photos", text(), "another", None)
    monkeypatch.setattr(object_annotations, "MOST", 2)
    for name in ("a", "b", "a"):
        await store.annotations.put(found, "photos", text(name), found.etag, None)
    with pytest.raises(TooManyAnnotations):
        await store.annotations.put(found, "photos", text("c"), None, None)
    await store.objects.put(new_object("k"))
    with pytest.raises(BlobGone):
        await store.annotations.put(found, "photos", text(), None, None)
    check_consistent(url)


async def test_a_lock_keeps_them(store: Metadata) -> None:
    await store.buckets.set_versioning("photos", "Enabled")
    await store.objects.put(new_object("k", extras=Extras(lock=Lock(hold=True))))
    found = await store.objects.get("photos", "k")
    await store.annotations.put(found, "photos", text(), None, None)
    with pytest.raises(ObjectLocked):
        await store.annotations.delete(found, "photos", "a", None, None)
    assert await names(store) == ["a"]
