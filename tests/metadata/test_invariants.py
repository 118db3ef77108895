"""Random operations, alone and side by side; after them references equal extents and garbage is what was let
go.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from metadata import Metadata
from metadata.errors import BlobGone, NoSuchKey, NoSuchUpload, PartChanged
from metadata.records import Content, Upload
from tests.metadata.made import (
    check_consistent,
    content,
    doomed,
    extents_of,
    new_object,
    part,
    shared,
    upload,
)

KEYS = [f"k{at}" for at in range(6)]
EXPECTED = (BlobGone, NoSuchKey, NoSuchUpload, PartChanged)


class Actor:
    """Does something at random; `made` are all blobs whose write was acknowledged."""

    def __init__(self, store: Metadata, dice: random.Random, made: set[bytes], begun: list[Upload]) -> None:
        self.store, self.dice, self.made, self.begun = store, dice, made, begun

    async def act(self) -> None:
        actions = [self.put, self.put, self.copy, self.delete, self.delete_many, self.begin, self.add_part,
                   self.add_part, self.copy_part, self.complete, self.abort]  # fmt: skip
        try:
            await self.dice.choice(actions)()
        except EXPECTED:
            return

    def key(self) -> str:
        return self.dice.choice(KEYS)

    def content(self) -> Content:
        return content(*(self.dice.randint(1, 99) for _ in range(self.dice.choice([0, 1, 1, 1, 2, 3]))))

    async def put(self) -> None:
        what = self.content()
        await self.store.objects.put(new_object(self.key(), what))
        self.made |= what.new_blobs

    async def source(self) -> Content:
        found = await self.store.objects.get("photos", self.key())
        return shared(await extents_of(self.store, found))

    async def copy(self) -> None:
        await self.store.objects.put(new_object(self.key(), await self.source()))

    async def delete(self) -> None:
        await self.store.objects.delete("photos", self.key())

    async def delete_many(self) -> None:
        await self.store.objects.delete_many("photos", [doomed(self.key()) for _ in range(3)])

    async def begin(self) -> None:
        new = upload(self.key())
        await self.store.uploads.create(new)
        self.begun.append(new)

    def an_upload(self) -> Upload:
        if not self.begun:
            raise NoSuchUpload
        return self.dice.choice(self.begun)

    async def add_part(self) -> None:
        to, what = self.an_upload(), self.content()
        await self.store.uploads.put_part(
            to.bucket, to.key, to.id, part(self.dice.randint(1, 4), what.size), what
        )
        self.made |= what.new_blobs

    async def copy_part(self) -> None:
        to, what = self.an_upload(), await self.source()
        await self.store.uploads.put_part(
            to.bucket, to.key, to.id, part(self.dice.randint(1, 4), what.size), what
        )

    async def complete(self) -> None:
        done = self.an_upload()
        parts = await self.store.uploads.list_parts(done.id, after=0, limit=9)
        parts = [each for each in parts if self.dice.random() < 0.8]
        new = new_object(done.key, Content(sum(each.size for each in parts)))
        await self.store.uploads.complete(done, parts, new)
        self.begun.remove(done)

    async def abort(self) -> None:
        gone = self.an_upload()
        await self.store.uploads.abort(gone.bucket, gone.key, gone.id)


@pytest.mark.parametrize("seed", range(3))
async def test_random_operations_one_after_the_other(store: Metadata, url: str, seed: int) -> None:
    made: set[bytes] = set()
    actor = Actor(store, random.Random(seed), made, [])
    for _ in range(250):
        await actor.act()
    check_consistent(url, made=made)


@pytest.mark.parametrize("seed", range(2))
async def test_random_operations_side_by_side(store: Metadata, url: str, seed: int) -> None:
    made: set[bytes] = set()
    begun: list[Upload] = []
    actors = [Actor(store, random.Random(seed * 100 + at), made, begun) for at in range(8)]
    for _ in range(40):
        await asyncio.gather(*(actor.act() for actor in actors))
    check_consistent(url, made=made)
