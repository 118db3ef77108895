"""The current version of a key as a write finds it, conditions on it, and discarding its content."""

from __future__ import annotations

from typing import NamedTuple

from metadata.errors import BlobGone, NoSuchKey, ObjectLocked, PreconditionFailed
from metadata.queries.statements import Transaction
from metadata.queries.uploads import Uploads
from metadata.records import Conditions
from metadata.rows import Row, lock_of
from metadata.transactions.contents import release, release_all

_TIME, _SIZE = "x-amz-if-match-last-modified-time", "x-amz-if-match-size"


class Current(NamedTuple):
    """A version, usually the current one. `data_id` None: there is no such key, or it is deleted."""

    data_id: bytes | None
    etag: str
    size: int
    modified_us: int
    parts: int
    blob_id: bytes | None
    version_id: str
    rank: int
    lock: str | None

    @property
    def spread(self) -> bool:
        """Whether the content is in rows of extents, possibly many thousands."""
        return self.blob_id is None and self.size is not None and self.size > 0


class NewestVersion(NamedTuple):
    """A row of `Versions.newest`: the newest noncurrent version or delete marker of a key."""

    rank: int
    version_id: str
    data_id: bytes
    delete_marker: int


class Head(NamedTuple):
    """A row of `Objects.head`: a key's bucket, its current version, and whether its blob has an intent."""

    bucket_id: int
    versioning: str
    current: Current
    has_intent: bool


def head_of(row: Row) -> Head:
    """Name the columns of a row of `Objects.head`."""
    bucket_id, versioning, *current, has_intent = row
    return Head(bucket_id, versioning, Current(*current), has_intent)


def check_write(conditions: Conditions, current: Current) -> None:
    """Raise NoSuchKey, PreconditionFailed or BlobGone.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    exists = current.data_id is not None
    if conditions.if_data_id is not None and conditions.if_data_id != (current.data_id or b""):
        raise BlobGone
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
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html (size and time: "If the Size
    matches or if the object doesn't exist, the operation returns a 204")
    """
    check_write(conditions, current)
    if conditions.if_match_modified_us is not None:
        if current.data_id is None:
            raise NoSuchKey
        if conditions.if_match_modified_us != current.modified_us:
            raise PreconditionFailed(_TIME)
    if current.data_id is None:
        return
    if conditions.if_match_modified_s not in (None, current.modified_us // 1_000_000):
        raise PreconditionFailed(_TIME)
    if conditions.if_match_size not in (None, current.size):
        raise PreconditionFailed(_SIZE)


def check_hidden(conditions: Conditions) -> None:
    """What a delete marker on top makes of conditions that a missing key satisfies. PreconditionFailed."""
    if conditions.if_match_modified_s is not None:
        raise PreconditionFailed(_TIME)
    if conditions.if_match_size is not None:
        raise PreconditionFailed(_SIZE)


def check_lock(current: Current, now_us: int, *, bypass: bool) -> None:
    """Raise ObjectLocked where the version may not be destroyed."""
    lock = lock_of(current.lock)
    if lock is not None and lock.holds(now_us, bypass=bypass):
        raise ObjectLocked


def discard(old: Current, now_us: int) -> Transaction[None]:
    """Let go of the content that a row referred to."""
    if old.blob_id is not None:
        yield from release((old.blob_id,), now_us)
    elif old.data_id is not None and old.size:
        yield from release_all(old.data_id, now_us)
    if old.parts:
        yield Uploads.remove_parts(owner_id=old.data_id)
