"""Walks through the store, a page at a time."""

from __future__ import annotations

import orjson

from metadata.keys import after_prefix
from metadata.queries.statements import Statement, Transaction
from metadata.queries.walks import Walks
from metadata.records import OFF, Bucket, Walked

FIRST_RANK = -(1 << 62)
_PAGES: dict[tuple[bool, bool], Statement] = {
    (bounded, versioned): Walks.page(bounded=bounded, versioned=versioned)
    for bounded in (True, False)
    for versioned in (True, False)
}


def buckets(kind: str, after: str, limit: int) -> Transaction[list[str]]:
    found = yield Walks.buckets(kind=kind, after=after, limit=limit)
    return [name for (name,) in found]


def versions(
    bucket: Bucket, prefix: str, after: tuple[str, int] | None, limit: int
) -> Transaction[list[Walked]]:
    stop = after_prefix(prefix)
    start, rank = after if after is not None else (prefix, FIRST_RANK)
    statement = _PAGES[stop is not None, bucket.versioning != OFF]
    found = yield statement(bucket_id=bucket.id, start=start, after_rank=rank, stop=stop, limit=limit)
    return [
        Walked._make((*columns, orjson.loads(tags) if tags else {}, bool(marker)))
        for *columns, tags, marker in found
    ]


def progress(name: str) -> Transaction[str | None]:
    row = yield Walks.progress(name=name)
    return None if row is None else row[0]


def keep_progress(name: str, document: str) -> Transaction[None]:
    yield Walks.keep_progress(name=name, document=document)
