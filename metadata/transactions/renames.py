"""An object gets another key, in one transaction: at no moment has it both, or none.

Without versioning its row moves, with all that hangs on its `data_id`. With versioning the target gets a new
version that shares the source's bytes, and the source a delete marker on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from metadata.errors import NoSuchBucket, TokenReused
from metadata.queries.objects import Objects
from metadata.queries.renames import Renames
from metadata.queries.statements import LONG, Retry, Transaction
from metadata.records import OFF, Content, Emit, NewAnnotation, NewObject, Object
from metadata.rows import inline_extent
from metadata.transactions.contents import attach, check_shared, write_extents
from metadata.transactions.current import Head, discard, head_of
from metadata.transactions.object_annotations import MOST, copy_annotations, list_annotations
from metadata.transactions.outbox import tell
from metadata.transactions.reads import extents, get_object
from metadata.transactions.versions import hide, place

TOKEN_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class RenameRequest:
    """What RenameObject asks for.

    `check` gets the current source and target (None for a missing target) and raises whatever forbids the
    rename. `token`: the client's idempotency token; `digest`: of the whole request, to detect another request
    with the same token. `data_id`, `marker_id`: ids for a new version and for a delete marker, which a bucket
    with versioning needs. `added`, `removed`: make the events of the two changes.
    """

    bucket: str
    source: str
    target: str
    check: Callable[[Object, Object | None], None]
    data_id: bytes
    marker_id: bytes
    owner: str
    token: str | None = None
    digest: str = ""
    added: Emit | None = None
    removed: Emit | None = None


def rename_object(asked: RenameRequest, now_us: int) -> Transaction[None]:
    """Raises NoSuchBucket, NoSuchKey, TokenReused, and what `check` raises."""
    yield LONG
    row = yield Objects.head(bucket=asked.bucket, key=asked.target, blob_id=None)
    if row is None:
        raise NoSuchBucket
    head = head_of(row)
    if asked.token is not None and (yield from _done_before(head.bucket_id, asked, now_us)):
        return
    found = yield from get_object(asked.bucket, asked.source, None)
    there: Object | None = None
    if head.current.data_id is not None:
        there = yield from get_object(asked.bucket, asked.target, None)
    asked.check(found, there)
    if head.versioning == OFF:
        yield from _move(head, found, asked, now_us)
        version_id, gone_id, marker = None, None, False
    else:
        version_id = yield from _share(head, found, asked, now_us)
        source = yield Objects.head(bucket=asked.bucket, key=asked.source, blob_id=None)
        hidden = yield from hide(head_of(source), asked.source, asked.marker_id, asked.owner, now_us)
        gone_id, marker = hidden.version_id, True
    yield from tell(asked.added, asked.target, version_id, found.etag, found.size)
    yield from tell(asked.removed, asked.source, gone_id, marker=marker)


def _done_before(bucket_id: int, asked: RenameRequest, now_us: int) -> Transaction[bool]:
    """Whether this was done; if not it is noted as such now, with the rest of the transaction."""
    row = yield Renames.token(bucket_id=bucket_id, token=asked.token)
    if row is not None:
        if row[0] != asked.digest:
            raise TokenReused
        return True
    yield Renames.forget_tokens(before_us=now_us - TOKEN_US)
    added = yield Renames.add_token(
        bucket_id=bucket_id, token=asked.token, digest=asked.digest, created_us=now_us
    )
    if not added:
        raise Retry
    return False


def _move(head: Head, found: Object, asked: RenameRequest, now_us: int) -> Transaction[None]:
    current = head.current
    if current.data_id is not None:
        gone = yield Objects.remove(at_bucket=head.bucket_id, at_key=asked.target, at_data=current.data_id)
        if gone is None:
            raise Retry
        yield from discard(current, now_us)
    at = {"at_bucket": head.bucket_id, "at_key": asked.source, "at_data": found.data_id}
    moved = yield Renames.move(**at, new_key=asked.target)
    removed = yield Objects.remove(**at)
    if not moved or removed is None:
        raise Retry
    yield Renames.move_annotations(**at, new_key=asked.target)


def _share(head: Head, found: Object, asked: RenameRequest, now_us: int) -> Transaction[str | None]:
    shared = [found.extent] if found.extent else (yield from extents(found.data_id, 0, found.size))
    content = Content(found.size, tuple(shared))
    new = NewObject(
        asked.bucket, asked.target, asked.data_id, found.etag, found.modified_us, found.owner,
        found.properties, found.checksum, content, found.extras,
    )  # fmt: skip
    yield from check_shared(content)
    blob_id, blob_offset = inline_extent(content)
    version_id, old = yield from place(
        head, new, now_us, parts=found.parts, blob_id=blob_id, blob_offset=blob_offset
    )
    yield from attach(content)
    if len(shared) > 1:
        yield from write_extents(asked.data_id, content)
    taken = yield from list_annotations(found, "", "", MOST)
    along = [
        NewAnnotation(
            each.name, each.etag, each.modified_us, each.checksum, Content(each.size, (each.extent,))
        )
        for each in taken
    ]
    yield from copy_annotations(head.bucket_id, asked.target, asked.data_id, along)
    if found.parts:
        yield Renames.copy_parts(data_id=asked.data_id, from_data_id=found.data_id)
    if old is not None:
        yield from discard(old, now_us)
    return version_id
