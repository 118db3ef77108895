"""Listings that cost what they return: delimiters are skipped over by the index (a skip scan).

Rows are read in key order, a few at a time. Where a row is rolled up to a common prefix, everything below
that prefix is jumped over: rows in hand are passed by, and when none is left the next read starts above it.
The number of rows a read asks for grows while most of them are of use and shrinks when not, so that a million
keys under one prefix cost the first read's few rows, and a thousand keys without a delimiter one read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from metadata.errors import NoSuchBucket
from metadata.keys import after_prefix, common_prefix
from metadata.queries.buckets import Buckets
from metadata.queries.objects import Objects
from metadata.queries.statements import Call, Statement, Transaction
from metadata.queries.uploads import Uploads
from metadata.queries.versions import Versions
from metadata.records import NULL_VERSION, Bucket, Listed, ListedVersion, Page, UploadPage, VersionPage
from metadata.rows import Row, upload_of
from metadata.transactions.versions import rank_of

FEW = 4


class Start(NamedTuple):
    """Where to read on: from `key`, itself only when `inclusive`; after the upload or version `after_id` (an
    id, a rank) of that key when given.
    """

    key: str
    inclusive: bool
    after_id: Any = None


@dataclass(slots=True)
class Walk:
    """What a walk over rows in key order has found: rows that stand by themselves, and common prefixes."""

    rows: list[Row] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    more: bool = False
    last_is_prefix: bool = False

    def __len__(self) -> int:
        return len(self.rows) + len(self.prefixes)


def walk(
    read: Callable[[Start, int], Call],
    key_at: int,
    *,
    id_at: int | None = None,
    prefix: str,
    delimiter: str | None,
    start: Start,
    limit: int,
) -> Transaction[Walk]:
    """At most `limit` rows and prefixes from `start` on; `more` tells whether there is another one.

    `read(start, n)` gives the next n rows; `key_at` is the key's column in them, `id_at` that of what tells
    rows of one key apart, where a key may have several.
    """
    found, at = Walk(), start
    want = FEW if delimiter else limit + 1
    while True:
        batch = yield read(at, want)
        used, jump = _take(found, batch, key_at, prefix, delimiter, limit)
        if found.more or (len(batch) < want and jump is None):
            return found
        if jump is None:
            last = batch[-1]
            at = Start(last[key_at], False, None if id_at is None else last[id_at])
        elif (above := after_prefix(jump)) is None:
            return found
        else:
            at = Start(above, True)
        want = min(want * 4 if used * 2 >= len(batch) else max(FEW, want // 4), limit + 1 - len(found))
        want = max(want, 1)


def _take(
    found: Walk, batch: list[Row], key_at: int, prefix: str, delimiter: str | None, limit: int
) -> tuple[int, str | None]:
    """Put a batch into `found`; the number of rows that were of use, and the prefix to jump over next."""
    if delimiter is None:  # every row stands by itself
        found.rows += batch[: limit - len(found.rows)]
        found.more = len(found.rows) == limit and len(batch) > limit
        return len(batch), None
    used, skip = 0, None
    for row in batch:
        key = row[key_at]
        if skip is not None and key.startswith(skip):
            continue
        if len(found) == limit:
            found.more = True
            return used, None
        used += 1
        skip = common_prefix(key, prefix, delimiter)
        if skip is None:
            found.rows.append(row)
        else:
            found.prefixes.append(skip)
        found.last_is_prefix = skip is not None
    return used, skip


def first(prefix: str, after: str | None, *, after_is_prefix: bool) -> Start | None:
    """Where a listing begins; None where nothing can follow."""
    if after is not None and after_is_prefix:
        above = after_prefix(after)
        return None if above is None else Start(max(above, prefix), True)
    if after is None or after < prefix:
        return Start(prefix, True)
    return Start(after, False)


_PAGES: dict[tuple[bool, bool], Statement] = {
    (inclusive, bounded): Objects.page(inclusive=inclusive, bounded=bounded)
    for inclusive in (True, False)
    for bounded in (True, False)
}
_UPLOAD_PAGES: dict[tuple[bool, bool, bool], Statement] = {
    (inclusive, bounded, within): Uploads.page(inclusive=inclusive, bounded=bounded, within_key=within)
    for inclusive in (True, False)
    for bounded in (True, False)
    for within in (True, False)
}


def list_objects(
    bucket: str, prefix: str, delimiter: str | None, place: tuple[str | None, bool], limit: int
) -> Transaction[Page]:
    """`place`: after what the page begins, and whether that is a prefix."""
    after, after_is_prefix = place
    row = yield Buckets.id(bucket=bucket)
    if row is None:
        raise NoSuchBucket
    start, stop = first(prefix, after, after_is_prefix=after_is_prefix), after_prefix(prefix)
    if start is None or limit < 1:
        return Page([], [], None)

    def read(at: Start, n: int) -> Call:
        statement = _PAGES[at.inclusive, stop is not None]
        return statement(bucket_id=row[0], start=at.key, stop=stop, limit=n)

    found = yield from walk(read, 0, prefix=prefix, delimiter=delimiter, start=start, limit=limit)
    objects = list(map(Listed._make, found.rows))
    last = None
    if found.more:
        last = found.prefixes[-1] if found.last_is_prefix else objects[-1].key
    return Page(objects, found.prefixes, last, found.more and found.last_is_prefix)


def list_uploads(
    bucket: str, prefix: str, delimiter: str | None, key_marker: str | None, id_marker: str | None, limit: int
) -> Transaction[UploadPage]:
    """A key marker inside a common prefix stands for all of it: the page before ended with that prefix."""
    row = yield Buckets.id(bucket=bucket)
    if row is None:
        raise NoSuchBucket
    start, stop = _first_upload(prefix, delimiter, key_marker, id_marker), after_prefix(prefix)
    if start is None or limit < 1:
        return UploadPage([], [], None, None)

    def read(at: Start, n: int) -> Call:
        statement = _UPLOAD_PAGES[at.inclusive, stop is not None, at.after_id is not None]
        return statement(bucket_id=row[0], start=at.key, stop=stop, limit=n, after_id=at.after_id)

    found = yield from walk(read, 1, id_at=0, prefix=prefix, delimiter=delimiter, start=start, limit=limit)
    uploads = [upload_of(each, bucket) for each in found.rows]
    if not found.more:
        return UploadPage(uploads, found.prefixes, None, None)
    if found.last_is_prefix:
        return UploadPage(uploads, found.prefixes, found.prefixes[-1], "")
    return UploadPage(uploads, found.prefixes, uploads[-1].key, uploads[-1].id)


def _first_upload(
    prefix: str, delimiter: str | None, marker: str | None, id_marker: str | None
) -> Start | None:
    if marker is None or not marker.startswith(prefix):
        return first(prefix, marker, after_is_prefix=False)
    rolled = common_prefix(marker, prefix, delimiter)
    if rolled is not None:
        return first(prefix, rolled, after_is_prefix=True)
    return Start(marker, False, id_marker or None)


_VERSION_PAGES: dict[tuple[bool, bool, bool], Statement] = {
    (inclusive, bounded, within): Versions.page(inclusive=inclusive, bounded=bounded, within_key=within)
    for inclusive in (True, False)
    for bounded in (True, False)
    for within in (True, False)
}


def list_versions(
    bucket: str,
    prefix: str,
    delimiter: str | None,
    key_marker: str | None,
    version_marker: str | None,
    limit: int,
) -> Transaction[VersionPage]:
    """A key marker inside a common prefix stands for all of it, as in listings of uploads."""
    row = yield Buckets.id(bucket=bucket)
    if row is None:
        raise NoSuchBucket
    stop = after_prefix(prefix)
    start = _first_upload(prefix, delimiter, key_marker, None)
    if start is not None and version_marker is not None and start.key == key_marker and not start.inclusive:
        rank = rank_of(version_marker)
        if version_marker == NULL_VERSION:
            there = yield Versions.rank(bucket_id=row[0], key=start.key, version_id=NULL_VERSION)
            rank = None if there is None else there[0]
        start = Start(start.key, False, rank)
    if start is None or limit < 1:
        return VersionPage([], [])

    def read(at: Start, n: int) -> Call:
        statement = _VERSION_PAGES[at.inclusive, stop is not None, at.after_id is not None]
        return statement(bucket_id=row[0], start=at.key, stop=stop, limit=n, after_rank=at.after_id)

    found = yield from walk(read, 0, id_at=1, prefix=prefix, delimiter=delimiter, start=start, limit=limit)
    versions = _listed_versions(found.rows, start)
    if not found.more:
        return VersionPage(versions, found.prefixes)
    if found.last_is_prefix:
        return VersionPage(versions, found.prefixes, found.prefixes[-1])
    return VersionPage(versions, found.prefixes, versions[-1].key, versions[-1].version_id)


def _listed_versions(found: list[Row], start: Start) -> list[ListedVersion]:
    """The newest of each key is the latest; of the key in which a page begins it was on the page before."""
    out: list[ListedVersion] = []
    before = start.key if start.after_id is not None else None
    for (
        key,
        _,
        version_id,
        etag,
        size,
        modified_us,
        storage_class,
        owner,
        algorithm,
        kind,
        marker,
        _,
    ) in found:
        latest, before = key != before, key
        out.append(
            ListedVersion(key, version_id, latest, bool(marker), etag, size, modified_us, storage_class,
                          owner, algorithm, kind)
        )  # fmt: skip
    return out


_BUCKET_PAGES: dict[tuple[bool, bool, bool], Statement] = {
    (owner, region, bounded): Buckets.page(owner=owner, region=region, bounded=bounded)
    for owner in (True, False)
    for region in (True, False)
    for bounded in (True, False)
}


def list_buckets(
    owner: str | None, prefix: str, region: str | None, after: str, limit: int
) -> Transaction[tuple[list[Bucket], str | None]]:
    stop = after_prefix(prefix)
    statement = _BUCKET_PAGES[owner is not None, region is not None, stop is not None]
    parameters: dict[str, Any] = {"owner": owner, "region": region, "stop": stop}
    found = yield statement(after=after, prefix=prefix, limit=limit + 1, **parameters)
    buckets = [Bucket(*row) for row in found[:limit]]
    return buckets, (buckets[-1].name if len(found) > limit and buckets else None)
