"""Multipart uploads: begun, filled, completed, aborted. What changes an upload begins by locking its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metadata.errors import NoSuchBucket, NoSuchUpload, PartChanged
from metadata.queries.buckets import Buckets
from metadata.queries.contents import Contents
from metadata.queries.objects import Objects
from metadata.queries.statements import LONG, Retry, Transaction, repeatable
from metadata.queries.uploads import Uploads
from metadata.records import Conditions, Content, NewObject, Part, Upload
from metadata.rows import attributes_of, checksum_values, extras_values
from metadata.schema.tables import PART_SPAN
from metadata.transactions.contents import (
    attach,
    check_shared,
    release,
    release_all,
    remove_intents,
    write_extents,
)
from metadata.transactions.current import check_write, discard, head_of
from metadata.transactions.outbox import tell
from metadata.transactions.versions import place

MANY = 100


def create_upload(new: Upload, parts_id: bytes) -> Transaction[None]:
    row = yield Buckets.id(bucket=new.bucket)
    if row is None:
        raise NoSuchBucket
    yield Uploads.add(
        id=new.id,
        bucket_id=row[0],
        key=new.key,
        parts_id=parts_id,
        owner=new.owner,
        initiated_us=new.initiated_us,
        storage_class=new.properties.storage_class,
        checksum_algorithm=new.checksum_algorithm,
        checksum_type=new.checksum_type,
        attributes=attributes_of(new.properties),
        initiator=new.initiator or None,
        **extras_values(new.extras),
    )


@repeatable
def put_part(
    bucket: str, key: str, upload_id: str, part: Part, content: Content, now_us: int
) -> Transaction[None]:
    parts_id, old = yield from _locked(bucket, key, upload_id, part.number)
    yield from check_shared(content)
    # Repeated after a commit of unknown outcome, the same part replaces itself: its own blobs are there
    # already.
    blobs = yield from _blobs_of(parts_id, part.number)
    if content.new_blobs and content.new_blobs <= set(blobs):
        return
    if len(content.extents) > MANY or len(blobs) > MANY:
        yield LONG
    values: dict[str, Any] = {
        "etag": part.etag,
        "size": part.size,
        "modified_us": part.modified_us,
        **checksum_values(part.checksum),
        "start": None,
    }
    if old is None:
        yield Uploads.add_part(owner_id=parts_id, number=part.number, **values)
    else:
        yield Uploads.replace_part(at_owner=parts_id, at_number=part.number, **values)
    yield from attach(content)
    yield from _remove_extents(parts_id, part.number)
    yield from write_extents(parts_id, content, base=part.number * PART_SPAN)
    yield from remove_intents(content)
    yield from release(blobs, now_us)


@repeatable
def complete_upload(
    upload: Upload, parts: Sequence[Part], new: NewObject, conditions: Conditions, now_us: int
) -> Transaction[str | None]:
    """The parts, and the extents of their bytes, become the object's, each kind in one statement.

    The new version's id, None in a bucket without versioning.
    """
    parts_id, _ = yield from _locked(upload.bucket, upload.key, upload.id, 0)
    row = yield Objects.head(bucket=new.bucket, key=new.key, blob_id=None)
    if row is None:
        raise NoSuchBucket
    head = head_of(row)
    check_write(conditions, head.current)
    if len(parts) > MANY or head.current.spread:
        yield LONG
    left_out = yield from _left_out(parts_id, parts)
    version_id, old = yield from place(head, new, now_us, parts=len(parts), blob_id=None, blob_offset=0)
    for number in left_out:
        yield from _drop_part(parts_id, number, now_us)
    yield Uploads.move_parts(data_id=new.data_id, parts_id=parts_id)
    yield Uploads.move_extents(data_id=new.data_id, parts_id=parts_id)
    yield from _remove_upload(upload.id, parts_id)
    if old is not None:
        yield from discard(old, now_us)
    if new.emit is not None:
        yield from tell(new.emit, new.key, version_id, new.etag, new.content.size)
    return version_id


def abort_upload(bucket: str, key: str, upload_id: str, now_us: int) -> Transaction[None]:
    parts_id, _ = yield from _locked(bucket, key, upload_id, 0)
    yield LONG
    yield from drop_upload(upload_id, parts_id, now_us)


def drop_upload(upload_id: str, parts_id: bytes, now_us: int) -> Transaction[None]:
    yield from release_all(parts_id, now_us)
    yield from _remove_upload(upload_id, parts_id)


def _remove_upload(upload_id: str, parts_id: bytes) -> Transaction[None]:
    yield Contents.remove_extents(data_id=parts_id)
    yield Uploads.remove_parts(owner_id=parts_id)
    removed = yield Uploads.remove(upload_id=upload_id)
    if not removed:
        raise Retry


def _locked(bucket: str, key: str, upload_id: str, number: int) -> Transaction[tuple[bytes, int | None]]:
    """Where the parts of the upload are, and the number if that part is there. NoSuchBucket, NoSuchUpload."""
    yield Uploads.lock(upload_id=upload_id)
    row = yield Uploads.head(bucket=bucket, key=key, upload_id=upload_id, number=number)
    if row is None:
        raise NoSuchBucket
    _, parts_id, there = row
    if parts_id is None:
        raise NoSuchUpload
    return parts_id, there


def _left_out(parts_id: bytes, parts: Sequence[Part]) -> Transaction[list[int]]:
    """The numbers that the completion does not name. PartChanged where one that it names is not as it was
    read.
    """
    stored = yield Uploads.all_parts(owner_id=parts_id)
    there = {number: (etag, size, modified_us) for number, etag, size, modified_us in stored}
    for part in parts:
        if there.pop(part.number, None) != (part.etag, part.size, part.modified_us):
            raise PartChanged(part.number)
    return list(there)


def _drop_part(parts_id: bytes, number: int, now_us: int) -> Transaction[None]:
    blobs = yield from _blobs_of(parts_id, number)
    yield from release(blobs, now_us)
    yield from _remove_extents(parts_id, number)
    yield Uploads.remove_part(owner_id=parts_id, number=number)


def _blobs_of(parts_id: bytes, number: int) -> Transaction[list[bytes]]:
    """The blob of each extent of a part, once for each."""
    found = yield Uploads.part_blobs(parts_id=parts_id, low=number * PART_SPAN, high=(number + 1) * PART_SPAN)
    return [blob_id for (blob_id,) in found]


def _remove_extents(parts_id: bytes, number: int) -> Transaction[None]:
    yield Uploads.remove_part_extents(
        parts_id=parts_id, low=number * PART_SPAN, high=(number + 1) * PART_SPAN
    )
