"""Objects come, are replaced, and go. Conditions are decided here, in the transaction that writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from metadata.errors import MetadataError, NoSuchBucket, NoSuchKey, PreconditionFailed
from metadata.queries import B, O, U
from metadata.records import NO_CONDITIONS, Conditions, NewObject
from metadata.rows import Row, inline_extent, object_values
from metadata.statements import HEAVY, Again, Transaction
from metadata.transactions.contents import (
    attach,
    check_shared,
    release,
    release_all,
    remove_intents,
    write_extents,
)

MANY = 100


class Current(NamedTuple):
    """What a write has to know of the key as it is. `data_id` None: there is no such key."""

    data_id: bytes | None
    etag: str
    size: int
    modified_us: int
    parts: int
    blob_id: bytes | None

    @property
    def spread(self) -> bool:
        """Whether the content is in rows of extents, possibly many thousands."""
        return self.blob_id is None and self.size is not None and self.size > 0


def check_write(conditions: Conditions, current: Current) -> None:
    """Raise NoSuchKey or PreconditionFailed.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    exists = current.data_id is not None
    if conditions.if_match is not None:
        if not exists:
            raise NoSuchKey
        if conditions.if_match not in ("*", current.etag):
            raise PreconditionFailed("If-Match")
    if exists and conditions.if_none_match in ("*", current.etag):
        raise PreconditionFailed("If-None-Match")


def check_delete(conditions: Conditions, current: Current) -> None:
    """Raise NoSuchKey or PreconditionFailed.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    """
    check_write(conditions, current)
    for wanted, there, name in (
        (conditions.if_match_modified_us, current.modified_us, "x-amz-if-match-last-modified-time"),
        (conditions.if_match_size, current.size, "x-amz-if-match-size"),
    ):
        if wanted is not None and current.data_id is None:
            raise NoSuchKey
        if wanted is not None and wanted != there:
            raise PreconditionFailed(name)


def put_object(new: NewObject, conditions: Conditions, now_us: int) -> Transaction[None]:
    """May be repeated after a commit of unknown outcome: the object's own row tells that it was done."""
    content = new.content
    blob_id, blob_offset = inline_extent(content)
    head = yield O.head(bucket=new.bucket, key=new.key, blob_id=blob_id)
    if head is None:
        raise NoSuchBucket
    current = Current(*head[1:-1])
    if current[:4] == (new.data_id, new.etag, content.size, new.modified_us):
        return
    if conditions is not NO_CONDITIONS:
        check_write(conditions, current)
    if len(content.new_blobs) != len(content.extents):
        yield from check_shared(content)
    if current.spread or len(content.extents) > MANY:
        yield HEAVY
    yield from replace(head[0], new, current, parts=0, blob_id=blob_id, blob_offset=blob_offset)
    yield from attach(content)
    if len(content.extents) > 1:
        yield from write_extents(new.data_id, content)
    if head[-1] or len(content.new_blobs) > 1:
        yield from remove_intents(content)
    yield from discard(current, now_us)


def replace(
    bucket_id: int,
    new: NewObject,
    current: Current,
    *,
    parts: int,
    blob_id: bytes | None = None,
    blob_offset: int = 0,
) -> Transaction[None]:
    """Write the object's row over what was read; Again where that is no longer so."""
    values = object_values(new, parts=parts, blob_id=blob_id, blob_offset=blob_offset)
    if current.data_id is None:
        changed = yield O.add(bucket_id=bucket_id, key=new.key, **values)
    else:
        changed = yield O.replace(at_bucket=bucket_id, at_key=new.key, at_data=current.data_id, **values)
    if not changed:
        raise Again


def discard(old: Current, now_us: int) -> Transaction[None]:
    """Let go of the content that a row referred to."""
    if old.blob_id is not None:
        yield from release((old.blob_id,), now_us)
    elif old.data_id is not None and old.size:
        yield from release_all(old.data_id, now_us)
    if old.parts:
        yield U.remove_parts(owner_id=old.data_id)


def delete_object(bucket: str, key: str, conditions: Conditions, now_us: int) -> Transaction[bool]:
    head = yield O.head(bucket=bucket, key=key, blob_id=None)
    if head is None:
        raise NoSuchBucket
    current = Current(*head[1:-1])
    check_delete(conditions, current)
    if current.data_id is None:
        return False
    if current.spread:
        yield HEAVY
    removed = yield O.remove(at_bucket=head[0], at_key=key, at_data=current.data_id)
    if removed is None:
        raise Again
    yield from discard(current, now_us)
    return True


def delete_objects(
    bucket: str, wanted: Sequence[tuple[str, Conditions]], now_us: int
) -> Transaction[list[bool | MetadataError]]:
    """Each key has its own verdict; a key named twice is gone the second time."""
    row = yield B.id(bucket=bucket)
    if row is None:
        raise NoSuchBucket
    found = yield O.content.each({"bucket_id": row[0], "key": key} for key, _ in wanted)
    verdicts, doomed = _verdicts(wanted, found)
    if len(doomed) > MANY or any(current.spread for current in doomed.values()):
        yield HEAVY
    removed = yield O.remove.each(
        {"at_bucket": row[0], "at_key": key, "at_data": current.data_id}
        for key, current in sorted(doomed.items())
    )
    if None in removed:
        raise Again
    yield from release([c.blob_id for c in doomed.values() if c.blob_id is not None], now_us)
    for current in doomed.values():
        if current.blob_id is None or current.parts:
            yield from discard(current, now_us)
    return verdicts


def _verdicts(
    wanted: Sequence[tuple[str, Conditions]], found: Sequence[Row | None]
) -> tuple[list[bool | MetadataError], dict[str, Current]]:
    """What becomes of each, and what is to be deleted."""
    verdicts: list[bool | MetadataError] = []
    doomed: dict[str, Current] = {}
    for (key, conditions), row in zip(wanted, found, strict=True):
        current = Current(*row) if row is not None and key not in doomed else _MISSING
        try:
            check_delete(conditions, current)
        except (NoSuchKey, PreconditionFailed) as refused:
            verdicts.append(refused)
            continue
        verdicts.append(current.data_id is not None)
        if current.data_id is not None:
            doomed[key] = current
    return verdicts, doomed


_MISSING = Current(None, "", 0, 0, 0, None)
