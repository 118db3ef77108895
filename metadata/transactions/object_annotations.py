"""Annotations: named texts of an object's version. They hang on its `data_id`, and a sweep removes those
whose version is no more: a write to an object asks nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.errors import BlobGone, ObjectLocked, PreconditionFailed, TooManyAnnotations
from metadata.queries.annotations import Annotations
from metadata.queries.objects import Objects
from metadata.queries.statements import Retry, Transaction
from metadata.queries.versions import Versions
from metadata.records import Annotation, Emit, Extent, NewAnnotation, Object
from metadata.rows import AnnotationRow, Row, checksum_of, checksum_values, joined_blob
from metadata.transactions.contents import attach, check_shared, release, remove_intents
from metadata.transactions.outbox import tell
from metadata.transactions.reads import get_object

MOST = 1000


def put_annotation(
    found: Object, bucket: str, new: NewAnnotation, if_match: str | None, emit: Emit | None, now_us: int
) -> Transaction[None]:
    """`found`: the version as it was read; BlobGone where it is another now. Raises PreconditionFailed,
    TooManyAnnotations.
    """
    at = yield from _held(found, bucket, if_match)
    row = yield Annotations.get(**at, name=new.name)
    old = None if row is None else AnnotationRow(*row)
    if old is not None and old.blob_id in new.content.new_blobs:
        return  # repeated after a commit of unknown outcome
    if old is None:
        count = yield Annotations.count(**at)
        if count[0] >= MOST:
            raise TooManyAnnotations
    yield from _write(at, new, old)
    if old is not None:
        yield from release((old.blob_id,), now_us)
    yield from tell(
        emit, found.key, found.version_id if found.versioned else None, new.etag, new.content.size
    )


def copy_annotations(
    bucket_id: int, key: str, data_id: bytes, new: Sequence[NewAnnotation]
) -> Transaction[None]:
    """Part of the transaction that makes an object."""
    at = {"bucket_id": bucket_id, "key": key, "data_id": data_id}
    for each in new:
        yield from check_shared(each.content)
        yield from _write(at, each, None)


def get_annotation(
    bucket: str, key: str, version_id: str | None, name: str
) -> Transaction[tuple[Object, Annotation | None]]:
    found = yield from get_object(bucket, key, version_id)
    row = yield Annotations.get(**_at(found), name=name)
    return found, None if row is None else annotation_of(AnnotationRow(*row))


def list_annotations(found: Object, prefix: str, after: str, limit: int) -> Transaction[list[Annotation]]:
    rows: list[Row] = yield Annotations.page(**_at(found), prefix=prefix, after=after, limit=limit)
    found_rows = [AnnotationRow(*row) for row in rows]
    return [annotation_of(row) for row in found_rows if row.name.startswith(prefix)]


def delete_annotation(
    found: Object, bucket: str, name: str, if_match: str | None, emit: Emit | None, now_us: int
) -> Transaction[None]:
    """One that is not there is no error. Raises as `put_annotation`, and ObjectLocked."""
    at = yield from _held(found, bucket, if_match)
    if found.extras.lock is not None and found.extras.lock.holds(now_us, bypass=False):
        raise ObjectLocked
    row = yield Annotations.get(**at, name=name)
    if row is None:
        return
    old = AnnotationRow(*row)
    removed = yield Annotations.remove(**at, name=name, at_blob=old.blob_id)
    if not removed:
        raise Retry
    yield from release((old.blob_id,), now_us)
    yield from tell(emit, found.key, found.version_id if found.versioned else None)


def sweep_annotations(limit: int, now_us: int) -> Transaction[int]:
    """Remove those of versions that are no more; how many."""
    dead = yield Annotations.dead(limit=limit)
    for bucket_id, key, data_id, name, blob_id in dead:
        removed = yield Annotations.remove(
            bucket_id=bucket_id, key=key, data_id=data_id, name=name, at_blob=blob_id
        )
        if not removed:
            raise Retry
        yield from release((blob_id,), now_us)
    return len(dead)


def annotation_of(row: AnnotationRow) -> Annotation:
    checksum = checksum_of(row.checksum_algorithm, row.checksum_type, row.checksum_value)
    content = Extent(0, row.size, joined_blob(row))
    return Annotation(row.name, row.etag, row.size, row.modified_us, checksum, content)


def _held(found: Object, bucket: str, if_match: str | None) -> Transaction[dict[str, object]]:
    """Where the version's annotations are, its row locked. BlobGone where it is not as it was read."""
    at = _at(found)
    yield Objects.lock(bucket_id=found.bucket_id, key=found.key)
    if found.versioned:
        yield Versions.lock(bucket_id=found.bucket_id, key=found.key, version_id=found.version_id)
    now = yield from get_object(bucket, found.key, found.version_id if found.versioned else None)
    if now.data_id != found.data_id or now.bucket_id != found.bucket_id:
        raise BlobGone
    if if_match is not None and if_match not in ("*", now.etag):
        raise PreconditionFailed("x-amz-object-if-match")
    return at


def _at(found: Object) -> dict[str, object]:
    return {"bucket_id": found.bucket_id, "key": found.key, "data_id": found.data_id}


def _write(at: dict[str, object], new: NewAnnotation, old: AnnotationRow | None) -> Transaction[None]:
    values = {
        "etag": new.etag,
        "size": new.content.size,
        "modified_us": new.modified_us,
        **checksum_values(new.checksum),
        "blob_id": new.content.extents[0].blob.id,
    }
    if old is None:
        changed = yield Annotations.add(**at, name=new.name, **values)
    else:
        changed = yield Annotations.replace(
            at_bucket=at["bucket_id"], at_key=at["key"], at_data=at["data_id"], at_name=new.name,
            at_blob=old.blob_id, **values,
        )  # fmt: skip
    if not changed:
        raise Retry
    yield from attach(new.content)
    yield from remove_intents(new.content)
