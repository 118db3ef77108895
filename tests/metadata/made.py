"""Records for tests, and the checker of what must always hold of the tables."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from typing import Any

import psycopg

from metadata.records import (
    Blob,
    Checksum,
    Conditions,
    Content,
    DeleteRequest,
    Extent,
    NewObject,
    Object,
    Part,
    Properties,
    Upload,
)
from metadata.schema.tables import PART_SPAN

NOW_US = 1_750_000_000_000_000
ETAG = "d41d8cd98f00b204e9800998ecf8427e"


def blob(size: int = 100) -> Blob:
    return Blob(os.urandom(16), size, 6 << 20, 2, (1, 2, 3, 4, 5, 6, 1, 2))


def content(*sizes: int, announced: bool = False) -> Content:
    """New blobs of these sizes, one after the other; none for no bytes. `announced`: by an intent, as a lone
    one usually is not."""
    extents, start = [], 0
    for size in filter(None, sizes):
        extents.append(Extent(start, size, blob(size)))
        start += size
    new_blobs = frozenset(e.blob.id for e in extents)
    return Content(start, tuple(extents), new_blobs, unannounced=len(extents) == 1 and not announced)


def shared(extents: list[Extent]) -> Content:
    """The same bytes again, by reference."""
    return Content(sum(e.length for e in extents), tuple(extents))


def new_object(
    key: str, what: Content | None = None, *, etag: str = ETAG, bucket: str = "photos", **more: Any
) -> NewObject:
    given: dict[str, Any] = {
        "data_id": os.urandom(16),
        "modified_us": NOW_US,
        "owner": "alice",
        "properties": Properties(),
        "checksum": Checksum("CRC64NVME", "FULL_OBJECT", "AAAAAAAAAAA="),
    }
    return NewObject(
        bucket=bucket, key=key, etag=etag, content=content(100) if what is None else what, **(given | more)
    )


def doomed(key: str, *, if_match: str | None = None, version_id: str | None = None) -> DeleteRequest:
    return DeleteRequest(key, Conditions(if_match=if_match), version_id)


def upload(key: str, upload_id: str | None = None, *, bucket: str = "photos") -> Upload:
    return Upload(
        upload_id or os.urandom(32).hex(),
        bucket,
        key,
        "alice",
        NOW_US,
        Properties({"ContentType": "a/b"}),
        None,
        None,
        initiator="AIDABOB arn:aws:iam::123456789012:user/bob",
    )


def part(number: int, size: int, *, etag: str | None = None) -> Part:
    return Part(number, etag or f"{random.getrandbits(128):032x}", size, NOW_US, None)


async def extents_of(store: Any, found: Object) -> list[Extent]:
    if found.extent is not None:
        return [found.extent]
    extents: list[Extent] = await store.objects.extents(found.data_id, 0, found.size) if found.size else []
    return extents


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Straight from the database, past everything that is ours."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            found = connection.execute(sql).fetchall()
            connection.commit()
            return found
        finally:
            connection.close()
    with psycopg.connect(url, autocommit=True) as session:
        cursor = session.execute(sql.encode())
        return [tuple(map(_plain, row)) for row in cursor.fetchall()] if cursor.description else []


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def check_versions(url: str) -> None:
    """The rules of `metadata.transactions.versions`."""
    current = {row[:2]: row[2:] for row in query(url, "SELECT bucket_id, key, rank, version_id FROM object")}
    kept: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in query(
        url, "SELECT bucket_id, key, rank, version_id, delete_marker FROM version ORDER BY rank"
    ):
        kept.setdefault(row[:2], []).append(row[2:])
    for key, rows in kept.items():
        if key in current:
            assert current[key][0] < rows[0][0], key
        else:
            assert rows[0][2], key
        ids = [row[1] for row in rows] + ([current[key][1]] if key in current else [])
        assert len(ids) == len(set(ids)), key


def check_consistent(url: str, *, made: set[bytes] | None = None) -> None:
    """References equal extents, garbage is what has none, nothing dangles; `made`: all blobs ever stored,
    none of which may be lost.
    """
    columns = "data_id, size, parts, blob_id"
    objects = query(url, f"SELECT {columns} FROM object UNION ALL SELECT {columns} FROM version")
    check_versions(url)
    extents = query(url, "SELECT data_id, start, length, blob_id FROM extent")
    refs = Counter(row[3] for row in objects if row[3] is not None) + Counter(row[3] for row in extents)
    refs += Counter(row[0] for row in query(url, "SELECT blob_id FROM annotation"))
    blobs = dict(query(url, "SELECT id, refs FROM blob"))
    garbage = {row[0] for row in query(url, "SELECT id FROM garbage")}
    assert blobs == refs
    assert garbage.isdisjoint(blobs)
    if made is not None:
        assert made == garbage | blobs.keys()
    parts_ids = {row[0] for row in query(url, "SELECT parts_id FROM upload")}
    spread = {row[0]: row[1] for row in objects if row[3] is None and row[1]}
    covered: Counter[bytes] = Counter()
    for data_id, _, length, _ in extents:
        covered[data_id] += length
    assert {data_id: n for data_id, n in covered.items() if data_id not in parts_ids} == spread
    parts = query(url, "SELECT owner_id, number, size, start FROM part")
    numbers = Counter(row[0] for row in parts)
    assert {o: n for o, n in numbers.items() if o not in parts_ids} == {
        row[0]: row[2] for row in objects if row[2]
    }
    of_parts: Counter[tuple[bytes, int]] = Counter()
    for data_id, start, length, _ in extents:
        if data_id in parts_ids:
            of_parts[data_id, start // PART_SPAN] += length
    assert of_parts == Counter({(row[0], row[1]): row[2] for row in parts if row[0] in parts_ids and row[2]})
    known = garbage | blobs.keys()
    assert {row[0] for row in query(url, "SELECT blob_id FROM repair")} <= known
    bucket_ids = {row[0] for row in query(url, "SELECT id FROM bucket")}
    assert {
        row[0] for row in query(url, "SELECT bucket_id FROM object UNION SELECT bucket_id FROM upload")
    } <= bucket_ids
