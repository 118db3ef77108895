"""Versions: what a write to a key, or a delete, does with the version that is there.

The rules, which every function here keeps (see `metadata.schema.tables`):

- a key's row in `object` is newer than all of its rows in `version`;
- where a key has no row in `object`, the newest of its rows in `version`, if it has any, is a delete marker;
- of the versions of a key at most one has the id "null".

Content stays where it is while rows move: it hangs on `data_id`. Where a key has no row in `object` to be
locked, writers lock the bucket's row instead, and look whether one has come while they waited. Whoever
destroys a noncurrent version holds the current one, or else is the one who promotes the next.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from __future__ import annotations

from metadata.errors import NoSuchKey
from metadata.queries.buckets import Buckets
from metadata.queries.objects import Objects
from metadata.queries.statements import LONG, Retry, Transaction
from metadata.queries.versions import Versions
from metadata.records import ENABLED, NULL_VERSION, OFF, Deleted, DeleteRequest, NewObject
from metadata.rows import object_values
from metadata.transactions.current import Current, Head, NewestVersion, check_delete, check_lock, discard

# Of a version id: minus its rank, so that a listing can go on behind a version that is gone, and eight random
# bytes.
RANK_DIGITS = 14


def version_id_of(rank: int, data_id: bytes) -> str:
    return f"{-rank:0{RANK_DIGITS}x}{data_id[8:].hex()}"


def rank_of(version_id: str) -> int | None:
    """The rank that a version id tells; None for "null" and for what is no version id."""
    try:
        return -int(version_id[:RANK_DIGITS], 16)
    except ValueError:
        return None


def place(
    head: Head, new: NewObject, now_us: int, *, parts: int, blob_id: bytes | None, blob_offset: int
) -> Transaction[tuple[str | None, Current | None]]:
    """Write the row of a new current version; what was current goes, or becomes noncurrent.

    The new version's id (None without versioning), and the version whose content is to be discarded. Raises
    Retry where things are no longer as they were read.
    """
    current, versioning = head.current, head.versioning
    version_id, rank = NULL_VERSION, 0
    old: Current | None = current if current.data_id is not None else None
    if versioning != OFF:
        rank = yield from _next_rank(head, new.key, now_us)
        if versioning == ENABLED:
            version_id = version_id_of(rank, new.data_id)
        old = yield from _displace(head, new.key, version_id, now_us)
    elif old is not None:
        check_lock(old, now_us, bypass=False)
    values = object_values(
        new, version_id=version_id, rank=rank, parts=parts, blob_id=blob_id, blob_offset=blob_offset
    )
    if current.data_id is None:
        changed = yield Objects.add(bucket_id=head.bucket_id, key=new.key, **values)
    else:
        changed = yield Objects.replace(
            at_bucket=head.bucket_id, at_key=new.key, at_data=current.data_id, **values
        )
    if not changed:
        raise Retry
    return (None if versioning == OFF else version_id), old


def hide(head: Head, key: str, marker_id: bytes, owner: str, now_us: int) -> Transaction[Deleted]:
    """A delete that names no version, in a bucket with versioning: a delete marker goes on top."""
    rank = yield from _next_rank(head, key, now_us)
    enabled = head.versioning == ENABLED
    version_id = version_id_of(rank, marker_id) if enabled else NULL_VERSION
    old = yield from _displace(head, key, version_id, now_us)
    if head.current.data_id is not None:
        removed = yield Objects.remove(at_bucket=head.bucket_id, at_key=key, at_data=head.current.data_id)
        if removed is None:
            raise Retry
    added = yield Versions.add(**_marker(head.bucket_id, key, version_id, rank, marker_id, owner, now_us))
    if not added:
        raise Retry
    if old is not None:
        yield from discard(old, now_us)
    return Deleted(True, version_id, marker=True)


def delete_version(head: Head, doomed: DeleteRequest, now_us: int) -> Transaction[Deleted]:
    """Destroy one version. Raises ObjectLocked; with conditions NoSuchKey, PreconditionFailed."""
    version_id, current = doomed.version_id, head.current
    at = {"at_bucket": head.bucket_id, "at_key": doomed.key}
    if current.data_id is not None and current.version_id == version_id:
        if doomed.unless_current:
            return Deleted(False, version_id)
        _check(doomed, current, now_us)
        gone = yield Objects.remove_as_locked(**at, at_data=current.data_id, at_lock=current.lock or "")
        if gone is None:
            raise Retry
        yield from discard(current, now_us)
        yield from _promote(head.bucket_id, doomed.key)
        return Deleted(True, version_id)
    row = yield Versions.content(bucket_id=head.bucket_id, key=doomed.key, version_id=version_id)
    if row is None:
        if doomed.conditions.if_match is not None:
            raise NoSuchKey
        return Deleted(False, version_id)
    *values, marker = row
    found = Current(*values)
    if found.spread:
        yield LONG
    _check(doomed, found, now_us)
    gone = yield Versions.remove_as_locked(
        **at, at_rank=found.rank, at_data=found.data_id, at_lock=found.lock or ""
    )
    if gone is None:
        raise Retry
    if not marker:
        yield from discard(found, now_us)
    if current.data_id is None:
        yield from _promote(head.bucket_id, doomed.key)
    elif (yield Objects.lock(bucket_id=head.bucket_id, key=doomed.key)) is None:
        raise Retry  # the current version has gone, and ours may have been the marker on top
    return Deleted(True, version_id, marker=bool(marker))


def _check(doomed: DeleteRequest, found: Current, now_us: int) -> None:
    check_delete(doomed.conditions, found)
    check_lock(found, now_us, bypass=doomed.bypass)


def _promote(bucket_id: int, key: str) -> Transaction[None]:
    """After the version on top has gone: the newest is current now, unless it is a delete marker."""
    yield from _alone(bucket_id, key)
    row = yield Versions.newest(bucket_id=bucket_id, key=key)
    if row is None or (newest := NewestVersion(*row)).delete_marker:
        return
    at = {"at_bucket": bucket_id, "at_key": key, "at_rank": newest.rank, "at_data": newest.data_id}
    promoted = yield Versions.promote(**at)
    removed = yield Versions.remove(**at)
    if not promoted or removed is None:
        raise Retry


def _next_rank(head: Head, key: str, now_us: int) -> Transaction[int]:
    """A rank before all others of the key."""
    current = head.current
    if current.data_id is not None:
        return min(-now_us, current.rank - 1)
    yield from _alone(head.bucket_id, key)
    row = yield Versions.newest(bucket_id=head.bucket_id, key=key)
    return -now_us if row is None else min(-now_us, NewestVersion(*row).rank - 1)


def _alone(bucket_id: int, key: str) -> Transaction[None]:
    """Keep others from a key without a row in `object` until the transaction ends.

    A row that came while we waited for the lock may be about to be hidden, by one who needs no such lock:
    there is more to the key then than can be seen here.
    """
    yield Buckets.exclusive(bucket_id=bucket_id)
    if (yield Objects.content(bucket_id=bucket_id, key=key)) is not None:
        raise Retry


def _displace(head: Head, key: str, version_id: str, now_us: int) -> Transaction[Current | None]:
    """Make room for a version of this id on top. Return the version whose content is to be discarded.

    The current version becomes noncurrent, unless its id is the new one's; a noncurrent "null" is removed for
    a new one. The current version's row in `object` stays: the caller replaces or removes it. Raises
    ObjectLocked before the first write: the caller may catch it and go on with other keys.
    """
    current = head.current
    if current.data_id is not None and current.version_id == version_id:
        check_lock(current, now_us, bypass=False)
        return current
    row = None
    if version_id == NULL_VERSION:
        row = yield Versions.content(bucket_id=head.bucket_id, key=key, version_id=NULL_VERSION)
    null, is_marker = None, False
    if row is not None:
        *columns, is_marker = row
        null = Current(*columns)
        check_lock(null, now_us, bypass=False)
        if null.spread:
            yield LONG
    if current.data_id is not None:
        archived = yield Versions.archive(at_bucket=head.bucket_id, at_key=key, at_data=current.data_id)
        if not archived:
            raise Retry
    if null is None:
        return None
    removed = yield Versions.remove(
        at_bucket=head.bucket_id, at_key=key, at_rank=null.rank, at_data=null.data_id
    )
    if removed is None:
        raise Retry
    return None if is_marker else null


def _marker(
    bucket_id: int, key: str, version_id: str, rank: int, data_id: bytes, owner: str, now_us: int
) -> dict[str, object]:
    """A delete marker's row: no content."""
    return {
        "bucket_id": bucket_id, "key": key, "version_id": version_id, "rank": rank, "data_id": data_id,
        "etag": "", "size": 0, "modified_us": now_us, "owner": owner, "storage_class": "STANDARD",
        "checksum_algorithm": None, "checksum_type": None, "checksum_value": None, "attributes": None,
        "parts": 0, "blob_id": None, "blob_offset": 0, "tags": None, "acl": None, "lock": None,
        "encryption": None, "delete_marker": 1,
    }  # fmt: skip
