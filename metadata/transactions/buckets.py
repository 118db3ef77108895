"""Buckets and their settings."""

from __future__ import annotations

from collections.abc import Mapping

from metadata.errors import BucketExists, BucketNotEmpty, NoSuchBucket, SettingsChanged
from metadata.queries.buckets import Buckets
from metadata.queries.statements import LONG, Retry, Transaction
from metadata.records import Bucket
from metadata.transactions.reads import get_bucket
from metadata.transactions.uploads import drop_upload


def create_bucket(
    name: str, region: str, owner: str, now_us: int, versioning: str, configs: Mapping[str, str]
) -> Transaction[Bucket]:
    there = yield Buckets.get(bucket=name)
    if there is not None:
        raise BucketExists(Bucket(*there).owner)
    added = yield Buckets.add(name=name, region=region, owner=owner, created_us=now_us, versioning=versioning)
    if added is None:
        raise Retry
    for kind, document in configs.items():
        yield Buckets.put_config(bucket_id=added[0], kind=kind, id="", document=document)
    revision = 1 if configs else 0
    if revision:
        yield Buckets.changed(bucket_id=added[0], new_versioning=None)
    return Bucket(added[0], name, region, owner, now_us, versioning, revision)


def delete_bucket(name: str, now_us: int) -> Transaction[None]:
    """Uploads under way do not hold a bucket: they are aborted with it, as on AWS."""
    row = yield Buckets.lock(bucket=name)
    if row is None:
        raise NoSuchBucket
    bucket_id = row[0]
    if (yield Buckets.any_object(bucket_id=bucket_id)) is not None:
        raise BucketNotEmpty
    if (yield Buckets.any_version(bucket_id=bucket_id)) is not None:
        raise BucketNotEmpty
    uploads = yield Buckets.uploads(bucket_id=bucket_id)
    if uploads:
        yield LONG
    for upload_id, parts_id in uploads:
        yield from drop_upload(upload_id, parts_id, now_us)
    yield Buckets.remove_configs(bucket_id=bucket_id)
    yield Buckets.remove(bucket_id=bucket_id)


def set_versioning(name: str, state: str, at_revision: int | None) -> Transaction[None]:
    yield Buckets.lock(bucket=name)  # what is being written without versions comes before it
    yield from _changed(name, state, at_revision)


def put_config(name: str, kind: str, id_: str, document: str, at_revision: int | None) -> Transaction[None]:
    if at_revision is not None:
        yield Buckets.lock(bucket=name)
    bucket_id = yield from _changed(name, None, at_revision)
    yield Buckets.put_config(bucket_id=bucket_id, kind=kind, id=id_, document=document)


def delete_config(name: str, kind: str, id_: str) -> Transaction[bool]:
    """Whether it was there."""
    bucket_id = yield from _changed(name)
    removed = yield Buckets.remove_config(bucket_id=bucket_id, kind=kind, id=id_)
    return bool(removed)


def configs(bucket_id: int) -> Transaction[dict[tuple[str, str], str]]:
    found = yield Buckets.configs(bucket_id=bucket_id)
    return {(kind, id_): document for kind, id_, document in found}


def _changed(name: str, versioning: str | None = None, at_revision: int | None = None) -> Transaction[int]:
    """Count a change of the bucket's settings, which also locks its row. NoSuchBucket, SettingsChanged.

    Who names a revision has locked the row before.
    """
    found = yield from get_bucket(name)
    if at_revision not in (None, found.revision):
        raise SettingsChanged
    changed = yield Buckets.changed(bucket_id=found.id, new_versioning=versioning)
    if not changed:
        raise Retry
    return found.id
