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
    found = await store.get_object("photos", key)
    return [each.name for each in await store.list_annotations(found)]


async def test_they_come_change_and_go(store: Metadata, url: str) -> None:
    await store.put_object(new_object("k"))
    found = await store.get_object("photos", "k")
    for name in ("b", "a", "a"):
        await store.put_annotation(found, "photos", text(name), None, None)
        check_consistent(url)
    assert await names(store) == ["a", "b"]
    for _ in range(2):
        await store.delete_annotation(found, "photos", "a", None, None)
    assert await names(store) == ["b"]
    assert (await store.get_annotation("photos", "k", None, "a"))[1] is None
    check_consistent(url)


async def test_those_of_an_object_that_is_no_more_are_swept(store: Metadata, url: str) -> None:
    for key in ("replaced", "deleted", "kept"):
        await store.put_object(new_object(key))
        await store.put_annotation(await store.get_object("photos", key), "photos", text(), None, None)
    assert await store.sweep_annotations(100) == 0
    await store.put_object(new_object("replaced"))
    await store.delete_object("photos", "deleted")
    assert await names(store, "replaced") == []
    assert await store.sweep_annotations(100) == 2
    assert await store.sweep_annotations(100) == 0
    assert await names(store, "kept") == ["a"]
    check_consistent(url)


async def test_those_of_an_older_version_stay(store: Metadata, url: str) -> None:
    await store.set_versioning("photos", "Enabled")
    await store.put_object(new_object("k"))
    old = await store.get_object("photos", "k")
    await store.put_annotation(old, "photos", text(), None, None)
    await store.put_object(new_object("k"))
    assert await names(store) == []
    assert await store.sweep_annotations(100) == 0
    await store.put_annotation(old, "photos", text("late"), None, None)
    assert [each.name for each in await store.list_annotations(old)] == ["a", "late"]
    check_consistent(url)


async def test_what_forbids_one(store: Metadata, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    await store.put_object(new_object("k"))
    found = await store.get_object("photos", "k")
    with pytest.raises(PreconditionFailed):
        await store.put_annotation(found, "photos", text(), "another", None)
    monkeypatch.setattr(object_annotations, "MOST", 2)
    for name in ("a", "b", "a"):
        await store.put_annotation(found, "photos", text(name), found.etag, None)
    with pytest.raises(TooManyAnnotations):
        await store.put_annotation(found, "photos", text("c"), None, None)
    await store.put_object(new_object("k"))
    with pytest.raises(BlobGone):
        await store.put_annotation(found, "photos", text(), None, None)
    check_consistent(url)


async def test_a_lock_keeps_them(store: Metadata) -> None:
    await store.set_versioning("photos", "Enabled")
    await store.put_object(new_object("k", extras=Extras(lock=Lock(hold=True))))
    found = await store.get_object("photos", "k")
    await store.put_annotation(found, "photos", text(), None, None)
    with pytest.raises(ObjectLocked):
        await store.delete_annotation(found, "photos", "a", None, None)
    assert await names(store) == ["a"]
