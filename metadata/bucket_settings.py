"""Buckets with their settings (policy, CORS, lifecycle...), cached by the bucket's revision.

A bucket's row is read for every request. Its settings are documents in rows of their own; the bucket's
`revision` increases with each change of them, so they are read again only when it has changed. A request
therefore sees every change that was acknowledged before it arrived, through any gateway, and a document is
parsed once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from metadata.records import Bucket

if TYPE_CHECKING:
    from metadata import Metadata

T = TypeVar("T")
CACHED_BUCKETS = 1024


class BucketSettings:
    """The documents of one bucket at one revision, by kind ("Policy", "Cors"...) and id.

    The id is "" for the kinds of which a bucket has one at most. Parsed documents are cached here too.
    """

    __slots__ = ("_documents", "_parsed", "_texts")

    def __init__(self, texts: Mapping[tuple[str, str], str] | None = None) -> None:
        self._texts = texts or {}
        self._documents: dict[tuple[str, str], Any] = {}
        self._parsed: dict[tuple[str, Callable[[Any], Any]], Any] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def get(self, kind: str, id: str = "") -> Any:
        """Return the stored document, None if there is none. Callers must not change it."""
        text = self._texts.get((kind, id))
        if text is None:
            return None
        if (kind, id) not in self._documents:
            self._documents[kind, id] = orjson.loads(text)
        return self._documents[kind, id]

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind's documents, in byte order."""
        return [id_ for name, id_ in self._texts if name == kind]

    def parse(self, kind: str, parser: Callable[[Any], T]) -> T | None:
        """Return `parser(document)`, None if there is no document. Calls `parser` once per revision."""
        if (kind, "") not in self._texts:
            return None
        if (kind, parser) not in self._parsed:
            self._parsed[kind, parser] = parser(self.get(kind))
        result: T = self._parsed[kind, parser]
        return result


NO_SETTINGS = BucketSettings()


class Buckets:
    """Finds buckets with their settings; one instance serves all requests of a gateway."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._settings: OrderedDict[int, tuple[int, BucketSettings]] = OrderedDict()

    async def find(self, name: str) -> tuple[Bucket, BucketSettings]:
        """Return a bucket and its settings. Raises NoSuchBucket, MetadataUnavailable."""
        bucket = await self._metadata.buckets.get(name)
        if not bucket.revision:
            return bucket, NO_SETTINGS
        return bucket, await self.settings(bucket)

    async def settings(self, bucket: Bucket) -> BucketSettings:
        """Return the settings of a bucket whose row was just read. Raises MetadataUnavailable."""
        cached = self._settings.get(bucket.id)
        if cached is not None and cached[0] >= bucket.revision:
            return cached[1]
        settings = BucketSettings(await self._metadata.buckets.configs(bucket.id))
        self._settings[bucket.id] = (bucket.revision, settings)
        self._settings.move_to_end(bucket.id)
        if len(self._settings) > CACHED_BUCKETS:
            self._settings.popitem(last=False)
        return settings
