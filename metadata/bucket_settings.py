"""The bucket that a request is about, with its settings, as they stand now.

A bucket's row is read for every request; its settings are documents beside it, and the row's `revision` says
whether they have changed since they were last read. So a request sees every change that was acknowledged
before it came, through whichever gateway, and a document is parsed once.
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
    """The documents of one bucket at one revision, by kind ("Policy", "Cors"...) and, where a bucket has
    several of a kind, id. What is made of a document is kept with it.
    """

    __slots__ = ("_documents", "_made", "_texts")

    def __init__(self, texts: Mapping[tuple[str, str], str] | None = None) -> None:
        self._texts = texts or {}
        self._documents: dict[tuple[str, str], Any] = {}
        self._made: dict[tuple[str, Callable[[Any], Any]], Any] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def get(self, kind: str, id: str = "") -> Any:
        """The document as it was put, None where there is none. Not to be changed."""
        text = self._texts.get((kind, id))
        if text is None:
            return None
        if (kind, id) not in self._documents:
            self._documents[kind, id] = orjson.loads(text)
        return self._documents[kind, id]

    def ids(self, kind: str) -> list[str]:
        """The ids of a kind's documents, in byte order."""
        return [id_ for name, id_ in self._texts if name == kind]

    def made(self, kind: str, make: Callable[[Any], T]) -> T | None:
        """`make` of the document, called once for this revision; None where there is no document."""
        if (kind, "") not in self._texts:
            return None
        if (kind, make) not in self._made:
            self._made[kind, make] = make(self.get(kind))
        result: T = self._made[kind, make]
        return result


NO_SETTINGS = BucketSettings()


class Buckets:
    """Buckets with their settings; one for all requests of a gateway."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._settings: OrderedDict[int, tuple[int, BucketSettings]] = OrderedDict()

    async def find(self, name: str) -> tuple[Bucket, BucketSettings]:
        """Raises NoSuchBucket, MetadataUnavailable."""
        bucket = await self._metadata.get_bucket(name)
        if not bucket.revision:
            return bucket, NO_SETTINGS
        return bucket, await self.settings(bucket)

    async def settings(self, bucket: Bucket) -> BucketSettings:
        known = self._settings.get(bucket.id)
        if known is not None and known[0] >= bucket.revision:
            return known[1]
        settings = BucketSettings(await self._metadata.bucket_configs(bucket.id))
        self._settings[bucket.id] = (bucket.revision, settings)
        self._settings.move_to_end(bucket.id)
        if len(self._settings) > CACHED_BUCKETS:
            self._settings.popitem(last=False)
        return settings
