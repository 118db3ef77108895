"""Pages of listings and walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from metadata.records.uploads import Upload


class Listed(NamedTuple):
    """One key of a listing. A tuple, as a page has a thousand of them."""

    key: str
    etag: str
    size: int
    modified_us: int
    storage_class: str
    owner: str
    checksum_algorithm: str | None
    checksum_type: str | None


class ListedVersion(NamedTuple):
    """One version or delete marker of a listing of versions."""

    key: str
    version_id: str
    latest: bool
    marker: bool
    etag: str
    size: int
    modified_us: int
    storage_class: str
    owner: str
    checksum_algorithm: str | None
    checksum_type: str | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A page of versions, by key and newest first, and common prefixes.

    Where there are more, `next_key` and `next_version` name the last version of this page; or `next_key` the
    last common prefix, and `next_version` is None.
    """

    versions: list[ListedVersion]
    prefixes: list[str]
    next_key: str | None = None
    next_version: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing: objects and common prefixes, each in byte order.

    `next_after` is None on the last page; otherwise it is the last key, or the last common prefix (then
    `next_is_prefix`), of this page in byte order.
    """

    objects: list[Listed]
    prefixes: list[str]
    next_after: str | None
    next_is_prefix: bool = False

    @property
    def weight(self) -> int:
        """Size in a cache that counts records."""
        return 1 + len(self.objects) + len(self.prefixes)


@dataclass(frozen=True, slots=True)
class UploadPage:
    uploads: list[Upload]
    prefixes: list[str]
    next_key_marker: str | None
    next_upload_id_marker: str | None


class Walked(NamedTuple):
    """A version or delete marker found by a walk through a bucket. `rank` orders a key's versions, the newest
    first.
    """

    key: str
    rank: int
    version_id: str
    modified_us: int
    size: int
    storage_class: str
    tags: dict[str, str]
    marker: bool
