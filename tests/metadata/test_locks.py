"""Locked versions: no order of concurrent requests destroys one, or leaves its bucket without versioning."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from metadata import Metadata
from metadata.errors import KeyDeleted, MetadataError, NoSuchVersion, ObjectLocked, SettingsChanged
from metadata.records import NO_CONDITIONS, Deleted, DeleteRequest, Extras, Lock, Object
from tests.metadata.made import new_object

FAR_US = 1 << 60
ROUNDS = 20


def held(found: Object) -> Object:
    return replace(found, extras=replace(found.extras, lock=Lock(hold=True)))


async def test_a_hold_and_a_delete_at_once(store: Metadata) -> None:
    """Either the version is held and stays, or it is gone and the hold found nothing."""
    await store.buckets.set_versioning("photos", "Enabled")
    seen = set()
    for number in range(ROUNDS):
        version_id = await store.objects.put(new_object(f"k{number}"))
        acts = [
            store.objects.alter("photos", f"k{number}", version_id, held),
            store.objects.delete("photos", f"k{number}", version_id=version_id),
        ]
        if number % 2:
            acts.reverse()
        results = await asyncio.gather(*acts, return_exceptions=True)
        kept, deleted = results[::-1] if number % 2 else results
        if isinstance(deleted, ObjectLocked):
            assert isinstance(kept, Object)
            found = await store.objects.get("photos", f"k{number}", version_id)
            assert found.extras.lock == Lock(hold=True)
            seen.add("held")
        else:
            assert not isinstance(deleted, BaseException)
            assert isinstance(kept, NoSuchVersion)
            seen.add("deleted")
    assert seen <= {"held", "deleted"}


async def test_nothing_replaces_a_locked_version(store: Metadata) -> None:
    """A null version that is locked, should versioning be suspended all the same: no write goes over it."""
    await store.buckets.set_versioning("photos", "Suspended")
    await store.objects.put(replace(new_object("a"), extras=Extras(lock=Lock("COMPLIANCE", FAR_US))))
    with pytest.raises(ObjectLocked):
        await store.objects.put(new_object("a"))
    with pytest.raises(ObjectLocked):
        await store.objects.delete("photos", "a")
    assert (await store.objects.get("photos", "a")).extras.lock == Lock("COMPLIANCE", FAR_US)


async def test_one_locked_key_of_several_stays_as_it_was(store: Metadata) -> None:
    """The refusal of one key is its own result, so nothing may be written for it: no row gone, no marker."""
    await store.buckets.set_versioning("photos", "Suspended")
    await store.objects.put(replace(new_object("a"), extras=Extras(lock=Lock("COMPLIANCE", FAR_US))))
    await store.objects.put(new_object("b"))
    wanted = [DeleteRequest(key, conditions=NO_CONDITIONS) for key in "ab"]
    locked, deleted = await store.objects.delete_many("photos", wanted)
    assert isinstance(locked, ObjectLocked)
    assert isinstance(deleted, Deleted)
    assert (await store.objects.get("photos", "a")).extras.lock == Lock("COMPLIANCE", FAR_US)
    with pytest.raises(KeyDeleted):
        await store.objects.get("photos", "b")


async def test_settings_that_changed_meanwhile(store: Metadata) -> None:
    await store.buckets.set_versioning("photos", "Enabled")
    bucket = await store.buckets.get("photos")
    lock = store.buckets.put_config("photos", "ObjectLock", "{}", at_revision=bucket.revision)
    suspend = store.buckets.set_versioning("photos", "Suspended", at_revision=bucket.revision)
    results = await asyncio.gather(lock, suspend, return_exceptions=True)
    assert [type(one) for one in results if isinstance(one, MetadataError)] == [SettingsChanged]
    after = await store.buckets.get("photos")
    locked = ("ObjectLock", "") in await store.buckets.configs(after.id)
    assert locked == (after.versioning == "Enabled")
