"""Locked versions: no order of concurrent requests destroys one, or leaves its bucket without versioning."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from metadata import Metadata
from metadata.errors import MetadataError, NoSuchVersion, ObjectLocked, SettingsChanged
from metadata.records import Extras, Lock, Object
from tests.metadata.made import new_object

FAR_US = 1 << 60
ROUNDS = 20


def held(found: Object) -> Object:
    return replace(found, extras=replace(found.extras, lock=Lock(hold=True)))


async def test_a_hold_and_a_delete_at_once(store: Metadata) -> None:
    """Either the version is held and stays, or it is gone and the hold found nothing."""
    await store.set_versioning("photos", "Enabled")
    seen = set()
    for number in range(ROUNDS):
        version_id = await store.put_object(new_object(f"k{number}"))
        acts = [
            store.alter_object("photos", f"k{number}", version_id, held),
            store.delete_object("photos", f"k{number}", version_id=version_id),
        ]
        if number % 2:
            acts.reverse()
        results = await asyncio.gather(*acts, return_exceptions=True)
        kept, deleted = results[::-1] if number % 2 else results
        if isinstance(deleted, ObjectLocked):
            assert isinstance(kept, Object)
            found = await store.get_object("photos", f"k{number}", version_id)
            assert found.extras.lock == Lock(hold=True)
            seen.add("held")
        else:
            assert not isinstance(deleted, BaseException)
            assert isinstance(kept, NoSuchVersion)
            seen.add("deleted")
    assert seen <= {"held", "deleted"}


async def test_nothing_replaces_a_locked_version(store: Metadata) -> None:
    """A null version that is locked, should versioning be suspended all the same: no write goes over it."""
    await store.set_versioning("photos", "Suspended")
    await store.put_object(replace(new_object("a"), extras=Extras(lock=Lock("COMPLIANCE", FAR_US))))
    with pytest.raises(ObjectLocked):
        await store.put_object(new_object("a"))
    with pytest.raises(ObjectLocked):
        await store.delete_object("photos", "a")
    assert (await store.get_object("photos", "a")).extras.lock == Lock("COMPLIANCE", FAR_US)


async def test_settings_that_changed_meanwhile(store: Metadata) -> None:
    await store.set_versioning("photos", "Enabled")
    bucket = await store.get_bucket("photos")
    lock = store.put_bucket_config("photos", "ObjectLock", "{}", at_revision=bucket.revision)
    suspend = store.set_versioning("photos", "Suspended", at_revision=bucket.revision)
    results = await asyncio.gather(lock, suspend, return_exceptions=True)
    assert [type(one) for one in results if isinstance(one, MetadataError)] == [SettingsChanged]
    after = await store.get_bucket("photos")
    locked = ("ObjectLock", "") in await store.bucket_configs(after.id)
    assert locked == (after.versioning == "Enabled")
