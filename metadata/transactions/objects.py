"""Put, alter and delete objects. Conditions are checked here, in the transaction that writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from metadata.errors import MetadataError, NoSuchBucket, NoSuchKey, ObjectLocked, PreconditionFailed
from metadata.queries.objects import Objects
from metadata.queries.statements import LONG, Retry, Transaction, repeatable
from metadata.queries.versions import Versions
from metadata.records import (
    NO_CONDITIONS,
    NULL_VERSION,
    OFF,
    Conditions,
    Deleted,
    DeleteRequest,
    Emit,
    NewObject,
    Object,
)
from metadata.rows import Row, attributes_of, extras_values, inline_extent, object_values
from metadata.transactions.contents import (
    attach,
    check_shared,
    release,
    remove_intents,
    write_extents,
)
from metadata.transactions.current import (
    Current,
    Head,
    check_delete,
    check_hidden,
    check_write,
    discard,
    head_of,
)
from metadata.transactions.object_annotations import copy_annotations
from metadata.transactions.outbox import tell
from metadata.transactions.reads import get_bucket, get_object
from metadata.transactions.versions import delete_version, hide, place

MANY = 100


@repeatable
def put_object(new: NewObject, conditions: Conditions, now_us: int) -> Transaction[str | None]:
    """The new version's id, None in a bucket without versioning.

    May be repeated after a commit of unknown outcome: the object's own row tells that it was done.
    """
    content = new.content
    blob_id, blob_offset = inline_extent(content)
    usual = content.unannounced and conditions is NO_CONDITIONS and not new.annotations
    if usual and (yield from _add_new(new)):
        return None
    row = yield Objects.head(bucket=new.bucket, key=new.key, blob_id=blob_id)
    if row is None:
        raise NoSuchBucket
    head = head_of(row)
    current = head.current
    if current[:4] == (new.data_id, new.etag, content.size, new.modified_us):
        return None if head.versioning == OFF else current.version_id
    if conditions is not NO_CONDITIONS:
        check_write(conditions, current)
    if len(content.new_blobs) != len(content.extents):
        yield from check_shared(content)
    if current.spread or len(content.extents) > MANY:
        yield LONG
    version_id, old = yield from place(head, new, now_us, parts=0, blob_id=blob_id, blob_offset=blob_offset)
    yield from attach(content)
    if len(content.extents) > 1:
        yield from write_extents(new.data_id, content)
    if head.has_intent or len(content.new_blobs) > 1:
        yield from remove_intents(content)
    if old is not None:
        yield from discard(old, now_us)
    if new.annotations:
        yield from copy_annotations(head.bucket_id, new.key, new.data_id, new.annotations)
    if new.emit is not None:
        yield from tell(new.emit, new.key, version_id, new.etag, content.size)
    return version_id


def _add_new(new: NewObject) -> Transaction[bool]:
    """Put a small object under a key that is not there, in a bucket without versioning, without looking
    first; False where that is not so."""
    blob_id, blob_offset = inline_extent(new.content)
    added = yield Objects.add_new(
        bucket=new.bucket,
        key=new.key,
        **object_values(
            new, version_id=NULL_VERSION, rank=0, parts=0, blob_id=blob_id, blob_offset=blob_offset
        ),
    )
    if not added:
        return False
    yield from attach(new.content)
    if new.emit is not None:
        yield from tell(new.emit, new.key, None, new.etag, new.content.size)
    return True


def delete_object(
    bucket: str, doomed: DeleteRequest, marker_id: bytes, owner: str, emit: Emit | None, now_us: int
) -> Transaction[Deleted]:
    """`marker_id`: the data id of the delete marker, where one is to be made, and `owner` whose it is."""
    row = yield Objects.head(bucket=bucket, key=doomed.key, blob_id=None)
    if row is None:
        raise NoSuchBucket
    head = head_of(row)
    if head.current.spread:
        yield LONG
    done = yield from _delete(head, doomed, marker_id, owner, now_us)
    yield from _tell(emit, doomed, done)
    return done


def _tell(emit: Emit | None, doomed: DeleteRequest, done: Deleted) -> Transaction[None]:
    if emit is not None and done.found:
        hidden = doomed.version_id is None and done.marker
        yield from tell(emit, doomed.key, done.version_id, marker=hidden)


def _delete(
    head: Head, doomed: DeleteRequest, marker_id: bytes, owner: str, now_us: int
) -> Transaction[Deleted]:
    if doomed.version_id is not None and (head.versioning != OFF or doomed.version_id != NULL_VERSION):
        return (yield from delete_version(head, doomed, now_us))
    current = head.current
    check_delete(doomed.conditions, current)
    if head.versioning != OFF:
        if current.data_id is None and doomed.conditions is not NO_CONDITIONS:
            newest = yield Versions.newest(bucket_id=head.bucket_id, key=doomed.key)
            if newest is not None:
                check_hidden(doomed.conditions)
        return (yield from hide(head, doomed.key, marker_id, owner, now_us))
    if current.data_id is None:
        return Deleted(False)
    removed = yield Objects.remove(at_bucket=head.bucket_id, at_key=doomed.key, at_data=current.data_id)
    if removed is None:
        raise Retry
    yield from discard(current, now_us)
    return Deleted(True)


def delete_objects(
    bucket: str,
    wanted: Sequence[DeleteRequest],
    marker_ids: Sequence[bytes],
    owner: str,
    emit: Emit | None,
    now_us: int,
) -> Transaction[list[Deleted | MetadataError]]:
    """Each key has its own verdict; a key named twice is gone the second time."""
    at = yield from get_bucket(bucket)
    if at.versioning != OFF or any(doomed.version_id not in (None, NULL_VERSION) for doomed in wanted):
        return (yield from _delete_versions(bucket, wanted, marker_ids, owner, emit, now_us))
    found = yield Objects.content.each({"bucket_id": at.id, "key": doomed.key} for doomed in wanted)
    verdicts, gone = _verdicts(wanted, found)
    if len(gone) > MANY or any(current.spread for current in gone.values()):
        yield LONG
    removed = yield Objects.remove.each(
        {"at_bucket": at.id, "at_key": key, "at_data": current.data_id}
        for key, current in sorted(gone.items())
    )
    if None in removed:
        raise Retry
    yield from release([c.blob_id for c in gone.values() if c.blob_id is not None], now_us)
    for current in gone.values():
        if current.blob_id is None or current.parts:
            yield from discard(current, now_us)
    if emit is not None:
        for key in gone:
            yield from tell(emit, key, None)
    return verdicts


def _delete_versions(
    bucket: str,
    wanted: Sequence[DeleteRequest],
    marker_ids: Sequence[bytes],
    owner: str,
    emit: Emit | None,
    now_us: int,
) -> Transaction[list[Deleted | MetadataError]]:
    """One after the other: what one of them does may be what the next one finds."""
    yield LONG
    verdicts: list[Deleted | MetadataError] = []
    for doomed, marker_id in zip(wanted, marker_ids, strict=True):
        row = yield Objects.head(bucket=bucket, key=doomed.key, blob_id=None)
        if row is None:
            raise Retry
        try:
            done = yield from _delete(head_of(row), doomed, marker_id, owner, now_us)
        except (NoSuchKey, PreconditionFailed, ObjectLocked) as refused:
            verdicts.append(refused)
            continue
        yield from _tell(emit, doomed, done)
        verdicts.append(done)
    return verdicts


def _verdicts(
    wanted: Sequence[DeleteRequest], found: Sequence[Row | None]
) -> tuple[list[Deleted | MetadataError], dict[str, Current]]:
    """What becomes of each, and what is to be deleted."""
    verdicts: list[Deleted | MetadataError] = []
    gone: dict[str, Current] = {}
    for doomed, row in zip(wanted, found, strict=True):
        current = Current(*row) if row is not None and doomed.key not in gone else _MISSING
        try:
            check_delete(doomed.conditions, current)
        except (NoSuchKey, PreconditionFailed) as refused:
            verdicts.append(refused)
            continue
        verdicts.append(Deleted(current.data_id is not None))
        if current.data_id is not None:
            gone[doomed.key] = current
    return verdicts, gone


_MISSING = Current(None, "", 0, 0, 0, None, "", 0, None)


def alter_object(
    bucket: str,
    key: str,
    version_id: str | None,
    change: Callable[[Object], Object],
    emit: Emit | None,
) -> Transaction[Object]:
    """Change what may change of a version while it lasts: its extras, its properties.

    `change` is given the version as it is and returns it as it is to be; what it raises ends the transaction.
    The row is locked from before the look on. Raises as `get_object` does.
    """
    bucket_id = (yield from get_bucket(bucket)).id
    yield Objects.lock(bucket_id=bucket_id, key=key)
    if version_id is not None:
        yield Versions.lock(bucket_id=bucket_id, key=key, version_id=version_id)
    found = yield from get_object(bucket, key, version_id)
    wanted = change(found)
    if wanted is found:
        return found
    values = {f"new_{name}": value for name, value in extras_values(wanted.extras).items()}
    values |= {
        "new_storage_class": wanted.properties.storage_class,
        "new_attributes": attributes_of(wanted.properties),
    }
    at = {"at_bucket": bucket_id, "at_key": key, "at_data": found.data_id}
    changed = yield Objects.alter(**at, **values)
    if not changed:
        older = yield Versions.content(bucket_id=bucket_id, key=key, version_id=found.version_id)
        if older is None:
            raise Retry
        changed = yield Versions.alter(**at, at_rank=Current(*older[:-1]).rank, **values)
    if not changed:
        raise Retry
    if emit is not None:
        yield from tell(emit, key, wanted.version_id if wanted.versioned else None, wanted.etag, wanted.size)
    return wanted
