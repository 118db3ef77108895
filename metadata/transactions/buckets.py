"""Buckets."""

from __future__ import annotations

from metadata.errors import BucketExists, BucketNotEmpty, NoSuchBucket
from metadata.queries import B
from metadata.records import Bucket
from metadata.statements import HEAVY, Again, Transaction
from metadata.transactions.uploads import drop_upload


def create_bucket(name: str, region: str, owner: str, now_us: int) -> Transaction[Bucket]:
    there = yield B.get(bucket=name)
    if there is not None:
        raise BucketExists(there[3])
    added = yield B.add(name=name, region=region, owner=owner, created_us=now_us)
    if added is None:
        raise Again
    return Bucket(added[0], name, region, owner, now_us)


def delete_bucket(name: str, now_us: int) -> Transaction[None]:
    """Uploads under way do not hold a bucket: they are aborted with it, as on AWS."""
    row = yield B.lock(bucket=name)
    if row is None:
        raise NoSuchBucket
    if (yield B.any_object(bucket_id=row[0])) is not None:
        raise BucketNotEmpty
    uploads = yield B.uploads(bucket_id=row[0])
    if uploads:
        yield HEAVY
    for upload_id, parts_id in uploads:
        yield from drop_upload(upload_id, parts_id, now_us)
    yield B.remove(bucket_id=row[0])
