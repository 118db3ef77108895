"""`Metadata`: every question and every change, one method each. What a method does is one transaction of
`metadata.transactions`.

Keys, prefixes and markers that no database can hold (NUL, lone surrogates) raise InvalidKey, on every engine
alike. Any method may raise MetadataUnavailable; whether a write that raised it was committed is not known.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from metadata.accounts import Accounts
from metadata.engines.runner import Runner
from metadata.engines.sqlite.runner import SqliteRunner
from metadata.errors import MetadataError
from metadata.keys import check_key
from metadata.outbox import Outbox
from metadata.queries.statements import OnCommit
from metadata.records import (
    NO_CONDITIONS,
    OFF,
    AccessKey,
    Annotation,
    Blob,
    Bucket,
    Conditions,
    Content,
    Deleted,
    Doomed,
    Emit,
    Extent,
    Garbage,
    MissingChunk,
    NewAnnotation,
    NewObject,
    NodeRow,
    Object,
    Page,
    Part,
    Repair,
    Replication,
    Staged,
    Upload,
    UploadPage,
    VersionPage,
)
from metadata.rows import blob_of
from metadata.schema.migrate import migrate
from metadata.schema.probe import parse_url
from metadata.transactions import buckets, listing, maintenance, objects, reads, renames, uploads
from metadata.transactions import object_annotations as annotating
from metadata.transactions.renames import RenameRequest
from metadata.walks import Walks

_UNCHANGED: Any = object()


async def open_metadata(url: str, *, instance: str) -> Metadata:
    """Open `sqlite:///path` or `postgresql://user:password@host/database`, and bring its tables up to date.

    `instance` names this process to the database. Raises ValueError for another kind of URL,
    MetadataUnavailable.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # it is there already, or SQLite will tell why it cannot be
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # secret keys are in it
        await asyncio.to_thread(migrate, parsed.set(drivername="sqlite"))
        return Metadata(await SqliteRunner.open(str(path)))
    await asyncio.to_thread(migrate, parsed.set(drivername="postgresql+psycopg"))
    from metadata.engines.postgres.runner import PostgresRunner

    return Metadata(await PostgresRunner.open(parsed, instance=instance))


def now_us() -> int:
    return time.time_ns() // 1000


class Metadata(Accounts):
    """The metadata store, as one process uses it. Made by `open_metadata`; all methods belong to one event
    loop.
    """

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self._recall = runner.recall
        self.outbox, self.walks = Outbox(runner), Walks(runner)

    async def close(self) -> None:
        await self._runner.close()

    async def ping(self) -> None:
        """Return if the database answers."""
        await self._read(reads.ping)

    def watch(self, on_commit: OnCommit) -> None:
        """Tell `on_commit` of every commit from now on; it may be called in another thread."""
        self._runner.on_commit = on_commit

    @property
    def waiting(self) -> int:
        """Writes that were asked for and no transaction has begun yet, in this process."""
        return self._runner.waiting

    async def queue_lengths(self, most: int = 100_000) -> dict[str, int]:
        """How much the background work has before it, by the table's name; `most` where there is more."""
        return await self._read(reads.queue_lengths, most)

    async def replication(self) -> Replication | None:
        """Of the database server; None where it has no such thing."""
        return await self._read(reads.replication)

    # --- buckets ------------------------------------------------------------------------------

    async def create_bucket(
        self,
        name: str,
        *,
        region: str,
        owner: str,
        now_us: int,
        versioning: str = OFF,
        configs: Mapping[str, str] | None = None,
    ) -> Bucket:
        """`configs`: the first documents of its settings, JSON by kind. Raises BucketExists."""
        arguments = (name, region, owner, now_us, versioning, configs or {})
        return await self._write(None, buckets.create_bucket, *arguments)

    async def get_bucket(self, name: str) -> Bucket:
        """Raises NoSuchBucket."""
        return await self._recall(reads.get_bucket, name)

    async def set_versioning(self, bucket: str, state: str, *, at_revision: int | None = None) -> None:
        """ "Enabled" or "Suspended". `at_revision`: the settings that the caller has looked at.

        Raises NoSuchBucket, SettingsChanged.
        """
        await self._write(None, buckets.set_versioning, bucket, state, at_revision)

    async def put_bucket_config(
        self, bucket: str, kind: str, document: str, *, id: str = "", at_revision: int | None = None
    ) -> None:
        """Keep a document (JSON) of a bucket's settings, in place of the one of that kind and id.

        `at_revision`: the settings that the caller has looked at. Raises NoSuchBucket, SettingsChanged.
        """
        await self._write(None, buckets.put_config, bucket, kind, id, document, at_revision)

    async def delete_bucket_config(self, bucket: str, kind: str, *, id: str = "") -> bool:
        """Whether it was there. Raises NoSuchBucket."""
        return await self._write(None, buckets.delete_config, bucket, kind, id)

    async def bucket_configs(self, bucket_id: int) -> dict[tuple[str, str], str]:
        """All documents of a bucket's settings, by kind and id."""
        return await self._read(buckets.configs, bucket_id)

    async def delete_bucket(self, name: str) -> None:
        """Uploads in progress are aborted with it. Raises NoSuchBucket, BucketNotEmpty."""
        await self._write(None, buckets.delete_bucket, name, now_us())

    async def list_buckets(
        self,
        *,
        owner: str | None = None,
        prefix: str = "",
        region: str | None = None,
        after: str | None = None,
        limit: int = 10_000,
    ) -> tuple[list[Bucket], str | None]:
        """Buckets by name, those after `after`; and the last name of the page where there are more."""
        return await self._read(listing.list_buckets, owner, prefix, region, after or "", limit)

    # --- objects ------------------------------------------------------------------------------

    async def get_object(self, bucket: str, key: str, version_id: str | None = None) -> Object:
        """The current version, or the one named. NoSuchBucket, NoSuchKey (KeyDeleted where a delete marker is
        on top), NoSuchVersion, IsDeleteMarker.
        """
        check_key(key)
        return await self._recall(reads.get_object, bucket, key, version_id)

    async def extents(self, data_id: bytes, start: int, stop: int) -> list[Extent]:
        """The extents that overlap [start, stop), in order, of an object whose `extent` is None.

        Raises BlobGone where the object was replaced or deleted since it was read.
        """
        return await self._read(reads.extents, data_id, start, stop)

    async def put_object(self, new: NewObject, conditions: Conditions = NO_CONDITIONS) -> str | None:
        """Make the object, in place of what has its key or on top of it; its version id, None in a bucket
        without versioning. NoSuchBucket, NoSuchKey, PreconditionFailed, BlobGone.
        """
        check_key(new.key)
        return await self._write((new.bucket, new.key), objects.put_object, new, conditions, now_us())

    async def put_annotation(
        self, found: Object, bucket: str, new: NewAnnotation, if_match: str | None, emit: Emit | None
    ) -> None:
        """Annotate a version, given as it was read. Raises BlobGone where it is another now,
        PreconditionFailed, TooManyAnnotations, and as `get_object`.
        """
        await self._write(None, annotating.put_annotation, found, bucket, new, if_match, emit, now_us())

    async def get_annotation(
        self, bucket: str, key: str, version_id: str | None, name: str
    ) -> tuple[Object, Annotation | None]:
        check_key(key)
        return await self._read(annotating.get_annotation, bucket, key, version_id, name)

    async def list_annotations(
        self, found: Object, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Annotation]:
        """By name, those after `after`."""
        return await self._read(annotating.list_annotations, found, prefix, after, limit)

    async def delete_annotation(
        self, found: Object, bucket: str, name: str, if_match: str | None, emit: Emit | None
    ) -> None:
        """Raises as `put_annotation`, and ObjectLocked."""
        await self._write(None, annotating.delete_annotation, found, bucket, name, if_match, emit, now_us())

    async def sweep_annotations(self, limit: int) -> int:
        """Remove annotations of versions that are no more; how many there were."""
        return await self._write(None, annotating.sweep_annotations, limit, now_us())

    async def rename_object(self, asked: RenameRequest) -> None:
        """Give an object another key. Raises NoSuchBucket, NoSuchKey, TokenReused, and what `asked.check`
        does.
        """
        check_key(asked.target)
        check_key(asked.source)
        await self._write(None, renames.rename_object, asked, now_us())

    async def alter_object(
        self,
        bucket: str,
        key: str,
        version_id: str | None,
        change: Callable[[Object], Object],
        emit: Emit | None = None,
    ) -> Object:
        """Change a version's extras or properties: `change` is given it as it is, in the transaction that
        writes what it returns, and may be called again. What it raises is raised; else as `get_object`.
        """
        check_key(key)
        arguments = (bucket, key, version_id, change, emit)
        return await self._write((bucket, key), objects.alter_object, *arguments)

    async def delete_object(
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
        """Delete a key, or hide it in a bucket with versioning (`owner`: of the delete marker), or destroy
        one version. NoSuchBucket, ObjectLocked; with conditions also NoSuchKey, PreconditionFailed.
        """
        check_key(key)
        doomed = Doomed(key, conditions, version_id, bypass)
        arguments = (bucket, doomed, os.urandom(16), owner, emit, now_us())
        return await self._write((bucket, key), objects.delete_object, *arguments)

    async def delete_objects(
        self, bucket: str, wanted: Sequence[Doomed], *, owner: str = "", emit: Emit | None = None
    ) -> list[Deleted | MetadataError]:
        """In one transaction, for each: what was done, or why it stays. Raises NoSuchBucket."""
        for doomed in wanted:
            check_key(doomed.key)
        markers = [os.urandom(16) for _ in wanted]
        arguments = (bucket, list(wanted), markers, owner, emit, now_us())
        return await self._write(None, objects.delete_objects, *arguments)

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
        """Versions and delete markers by key, the newest first. Raises NoSuchBucket."""
        check_key(prefix + (key_marker or ""))
        arguments = (bucket, prefix, delimiter, key_marker, version_marker, limit)
        return await self._read(listing.list_versions, *arguments)

    async def list_objects(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str | None = None,
        after: str | None = None,
        after_is_prefix: bool = False,
        limit: int = 1000,
    ) -> Page:
        """A page in byte order: keys after `after`, or, `after_is_prefix`, after all that begin with it.

        `limit` counts keys and common prefixes together. Raises NoSuchBucket.
        """
        check_key(prefix + (after or ""))
        place = (after, after_is_prefix)
        return await self._recall(listing.list_objects, bucket, prefix, delimiter, place, limit)

    async def object_parts(self, data_id: bytes, *, after: int, limit: int) -> list[Part]:
        """Parts of a completed multipart object with numbers above `after`, with their `start`."""
        return await self._read(reads.object_parts, data_id, after, limit)

    async def object_part(self, data_id: bytes, number: int) -> Part | None:
        return await self._read(reads.object_part, data_id, number)

    # --- uploads ------------------------------------------------------------------------------

    async def create_upload(self, upload: Upload) -> None:
        """Raises NoSuchBucket."""
        check_key(upload.key)
        await self._write(None, uploads.create_upload, upload, os.urandom(16))

    async def get_upload(self, bucket: str, key: str, upload_id: str) -> Upload:
        """Raises NoSuchBucket, NoSuchUpload."""
        check_key(key)
        return await self._read(reads.get_upload, bucket, key, upload_id)

    async def put_part(self, bucket: str, key: str, upload_id: str, part: Part, content: Content) -> None:
        """Raises NoSuchBucket, NoSuchUpload, BlobGone."""
        check_key(key)
        place = (upload_id, part.number)
        await self._write(place, uploads.put_part, bucket, key, upload_id, part, content, now_us())

    async def list_parts(self, upload_id: str, *, after: int, limit: int) -> list[Part]:
        """Parts of an upload under way with numbers above `after`."""
        return await self._read(reads.list_parts, upload_id, after, limit)

    async def list_uploads(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str | None = None,
        key_marker: str | None = None,
        upload_id_marker: str | None = None,
        limit: int = 1000,
    ) -> UploadPage:
        """Uploads by key, then id. Raises NoSuchBucket."""
        check_key(prefix + (key_marker or ""))
        arguments = (bucket, prefix, delimiter, key_marker, upload_id_marker, limit)
        return await self._read(listing.list_uploads, *arguments)

    async def complete_upload(
        self, upload: Upload, parts: Sequence[Part], new: NewObject, conditions: Conditions = NO_CONDITIONS
    ) -> str | None:
        """Make an object out of these parts, given as they were read, in order; the others go. Its version
        id.

        `new.content` tells the size alone. Raises NoSuchBucket, NoSuchUpload, PartChanged, NoSuchKey,
        PreconditionFailed.
        """
        arguments = (upload, list(parts), new, conditions, now_us())
        return await self._write(None, uploads.complete_upload, *arguments)

    async def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Raises NoSuchBucket, NoSuchUpload."""
        check_key(key)
        await self._write(None, uploads.abort_upload, bucket, key, upload_id, now_us())

    # --- blobs --------------------------------------------------------------------------------

    async def begin_blobs(self, ids: Sequence[bytes], now_us: int) -> None:
        """Note the intent to write these, so that the sweep keeps off. Making an object of them ends it."""
        await self._write(None, maintenance.begin_blobs, list(ids), now_us)

    async def touch_blobs(self, ids: Sequence[bytes], now_us: int) -> None:
        await self._write(None, maintenance.touch_blobs, list(ids), now_us)

    async def forget_blobs(self, ids: Sequence[bytes]) -> None:
        await self._write(None, maintenance.forget_blobs, list(ids))

    @property
    def stages(self) -> bool:
        """Whether `Content.staged` may be given."""
        return self._runner.stages

    async def staged(self, limit: int) -> list[tuple[Staged, Blob | None]]:
        """What is staged, the oldest first, with its blob where that is still there."""
        found = await self._read(maintenance.staged, limit)
        return [
            (Staged(row[0], row[1]), None if row[2] is None else blob_of((row[0], *row[2:]))) for row in found
        ]

    async def staged_bytes(self, blob_id: bytes) -> bytes | None:
        """Those of one blob; None where the nodes have it."""
        row = await self._read(maintenance.staged_bytes, blob_id)
        return None if row is None else bytes(row[0])

    async def settled(self, ids: Sequence[bytes]) -> None:
        """The nodes have these."""
        await self._write(None, maintenance.settled, list(ids))

    async def settled_between(self, above: bytes, last: bytes) -> None:
        """The nodes have all that is staged of ids above `above`, up to and including `last`."""
        await self._write(None, maintenance.settled_between, above, last)

    async def known_blobs(self, ids: Sequence[bytes]) -> set[bytes]:
        """Those that have a row: as a blob, as garbage or as an intent."""
        return await self._read(reads.known_blobs, list(ids))

    async def stale_pending(self, before_us: int, limit: int) -> list[bytes]:
        """Blobs whose intent nobody has touched since `before_us`, the oldest first."""
        return await self._read(reads.stale_pending, before_us, limit)

    async def garbage(self, before_us: int, limit: int) -> list[Garbage]:
        """Blobs that have been garbage since `before_us` or earlier, and are not to be retried only later."""
        found = await self._read(maintenance.garbage, before_us, now_us(), limit)
        return [Garbage(blob_of(row), row[5], row[6]) for row in found]

    async def garbage_done(self, ids: Sequence[bytes]) -> None:
        await self._write(None, maintenance.garbage_done, list(ids))

    async def garbage_retry(self, ids: Sequence[bytes], until_us: int) -> None:
        """Not again before `until_us`."""
        await self._write(None, maintenance.garbage_retry, list(ids), until_us)

    async def add_repairs(self, chunks: Sequence[MissingChunk]) -> None:
        """Queue chunks to be written again; those of blobs that are no more are left out."""
        await self._write(None, maintenance.add_repairs, list(chunks))

    async def repairs(self, limit: int) -> list[Repair]:
        """Chunks that are due to be written again."""
        return await self._read(reads.repairs, now_us(), limit)

    async def repair_done(self, chunks: Sequence[MissingChunk]) -> None:
        await self._write(None, maintenance.repair_done, list(chunks))

    async def repair_retry(self, chunks: Sequence[MissingChunk], until_us: int) -> None:
        await self._write(None, maintenance.repair_retry, list(chunks), until_us)

    async def move_slot(self, blob_id: bytes, slot: int, node_id: int) -> None:
        """From now on `node_id` keeps that slot of the blob. Raises BlobGone."""
        await self._write(None, maintenance.move_slot, blob_id, slot, node_id)

    # --- nodes, keys, leases --------------------------------------------------------------------

    async def nodes(self) -> list[NodeRow]:
        return await self._read(reads.nodes)

    async def add_node(self, address: str, capacity_bytes: int | None, now_us: int) -> NodeRow:
        """Raises NodeExists."""
        return await self._write(None, maintenance.add_node, address, capacity_bytes, now_us)

    async def set_node(
        self, node_id: int, *, state: str | None = None, capacity_bytes: int | None = _UNCHANGED
    ) -> NodeRow:
        """Change what is given; capacity None: the node's own word counts. Raises NoSuchNode."""
        given = capacity_bytes is not _UNCHANGED
        capacity = capacity_bytes if given else None
        change = partial(maintenance.set_node, node_id, state, capacity, set_capacity=given)
        return await self._write(None, change)

    async def access_key(self, access_key: str) -> AccessKey:
        """Raises NoSuchAccessKey. A revoked one is given, with its state."""
        return await self._read(reads.access_key, access_key)

    async def put_access_key(self, key: AccessKey) -> None:
        """Add, or replace the one of the same name."""
        await self._write(None, maintenance.put_access_key, key)

    async def access_keys(self) -> list[AccessKey]:
        return await self._read(reads.access_keys)

    async def revoke_access_key(self, access_key: str) -> None:
        """Its state becomes "revoked". Raises NoSuchAccessKey."""
        await self._write(None, maintenance.revoke_access_key, access_key)

    async def lease(self, name: str, *, holder: str, ttl_us: int, now_us: int) -> bool:
        """Take or keep a lease until now_us + ttl_us: True for one holder at a time."""
        return await self._write(None, maintenance.lease, name, holder, now_us + ttl_us, now_us)
