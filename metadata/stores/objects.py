"""Objects, their versions and the extents and parts of their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from metadata.engines.runner import Runner
from metadata.errors import MetadataError
from metadata.ids import now_us
from metadata.keys import check_key
from metadata.records import (
    NO_CONDITIONS,
    Conditions,
    Deleted,
    DeleteRequest,
    Emit,
    Extent,
    NewObject,
    Object,
    Page,
    Part,
    VersionPage,
)
from metadata.transactions import listing, objects, reads, renames
from metadata.transactions.renames import RenameRequest


class ObjectStore:
    """Objects and their versions: `metadata.objects`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, bucket: str, key: str, version_id: str | None = None) -> Object:
        """Read the current version, or the one named. Raises NoSuchBucket, NoSuchKey (KeyDeleted where a
        delete marker is on top), NoSuchVersion, IsDeleteMarker.
        """
        check_key(key)
        return await self._runner.read_cached(reads.get_object, bucket, key, version_id)

    async def extents(self, data_id: bytes, start: int, stop: int) -> list[Extent]:
        """Read the extents that overlap [start, stop), in order, of an object whose `extent` is None.

        Raises BlobGone where the object was replaced or deleted since it was read.
        """
        return await self._runner.read(reads.extents, data_id, start, stop)

    async def parts(self, data_id: bytes, *, after: int, limit: int) -> list[Part]:
        """Read parts of a completed multipart object with numbers above `after`, with their `start`."""
        return await self._runner.read(reads.object_parts, data_id, after, limit)

    async def part(self, data_id: bytes, number: int) -> Part | None:
        """Read one part of a completed multipart object."""
        return await self._runner.read(reads.object_part, data_id, number)

    async def put(self, new: NewObject, conditions: Conditions = NO_CONDITIONS) -> str | None:
        """Create an object, or replace the one at its key (with versioning: on top of it).

        Returns the new version's id, None in a bucket without versioning. Raises NoSuchBucket, NoSuchKey,
        PreconditionFailed, BlobGone.
        """
        check_key(new.key)
        return await self._runner.write((new.bucket, new.key), objects.put_object, new, conditions, now_us())

    async def rename(self, asked: RenameRequest) -> None:
        """Give an object another key. Raises NoSuchBucket, NoSuchKey, TokenReused, and whatever
        `asked.check` raises.
        """
        check_key(asked.target)
        check_key(asked.source)
        await self._runner.write(None, renames.rename_object, asked, now_us())

    async def alter(
        self,
        bucket: str,
        key: str,
        version_id: str | None,
        change: Callable[[Object], Object],
        emit: Emit | None = None,
    ) -> Object:
        """Change a version's extras or properties. Returns the changed version.

        `change` receives the version as it stands, in the transaction that writes what it returns, and may be
        called more than once. Its exceptions reach the caller; the others are those of `get`.
        """
        check_key(key)
        arguments = (bucket, key, version_id, change, emit)
        return await self._runner.write((bucket, key), objects.alter_object, *arguments)

    async def delete(
        self,
        bucket: str,
        key: str,
        conditions: Conditions = NO_CONDITIONS,
        *,
        version_id: str | None = None,
        bypass: bool = False,
        owner: str = "",
        emit: Emit | None = None,
    ) -> Deleted:
        """Delete a key, or put a delete marker (owned by `owner`) on top in a bucket with versioning, or
        destroy one version. Raises NoSuchBucket, ObjectLocked; with conditions also NoSuchKey,
        PreconditionFailed.
        """
        check_key(key)
        doomed = DeleteRequest(key, conditions, version_id, bypass)
        arguments = (bucket, doomed, os.urandom(16), owner, emit, now_us())
        return await self._runner.write((bucket, key), objects.delete_object, *arguments)

    async def delete_many(
        self, bucket: str, wanted: Sequence[DeleteRequest], *, owner: str = "", emit: Emit | None = None
    ) -> list[Deleted | MetadataError]:
        """Delete several keys or versions in one transaction. For each, in order: what was done, or the error
        that prevented it. Raises NoSuchBucket.
        """
        for doomed in wanted:
            check_key(doomed.key)
        markers = [os.urandom(16) for _ in wanted]
        arguments = (bucket, list(wanted), markers, owner, emit, now_us())
        return await self._runner.write(None, objects.delete_objects, *arguments)

    async def list_versions(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str | None = None,
        key_marker: str | None = None,
        version_marker: str | None = None,
        limit: int = 1000,
    ) -> VersionPage:
        """List versions and delete markers by key, the newest first. Raises NoSuchBucket."""
        check_key(prefix + (key_marker or ""))
        arguments = (bucket, prefix, delimiter, key_marker, version_marker, limit)
        return await self._runner.read(listing.list_versions, *arguments)

    async def list(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str | None = None,
        after: str | None = None,
        after_is_prefix: bool = False,
        limit: int = 1000,
    ) -> Page:
        """List a page of keys in byte order: those after `after`, or, with `after_is_prefix`, after all that
        begin with it. `limit` counts keys and common prefixes together. Raises NoSuchBucket.
        """
        check_key(prefix + (after or ""))
        place = (after, after_is_prefix)
        return await self._runner.read_cached(listing.list_objects, bucket, prefix, delimiter, place, limit)
