"""Objects, their attributes and annotations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from metadata.records.blobs import Content, Extent
from metadata.records.events import Emit

NULL_VERSION = "null"
"""The id of a version that was made while versioning was not enabled."""


class Checksum(NamedTuple):
    """AWS's object checksum: algorithm ("CRC64NVME"...), type ("FULL_OBJECT" | "COMPOSITE"), value as in the
    header (base64, with "-N" after it for a composite one)."""

    algorithm: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Properties:
    """Headers and metadata that a client sets on an object and gets back unchanged.

    `headers`: the system headers by their name in AWS's model (ContentType, CacheControl, ContentDisposition,
    ContentEncoding, ContentLanguage, Expires, WebsiteRedirectLocation). `metadata`: the x-amz-meta-* pairs
    without the prefix.
    """

    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Lock:
    """Object Lock of a version: retention of a mode ("GOVERNANCE", "COMPLIANCE") until a time, and a legal
    hold (None: never set).
    """

    mode: str | None = None
    until_us: int | None = None
    hold: bool | None = None

    def holds(self, now_us: int, *, bypass: bool) -> bool:
        """Whether the version is protected from deletion now; `bypass` lifts governance mode alone."""
        if self.hold:
            return True
        retained = self.until_us is not None and self.until_us > now_us
        return retained and not (bypass and self.mode == "GOVERNANCE")


@dataclass(frozen=True, slots=True)
class Extras:
    """Attributes that few objects have. `acl` and `encryption` are JSON values of the layers above."""

    tags: dict[str, str] | None = None
    acl: Any = None
    lock: Lock | None = None
    encryption: Any = None


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class Object:
    """A version of a key, the current one or another.

    `etag` is without quotes. `versioned`: the bucket has or had versioning, so that responses show
    `version_id`. `data_id` names the content: it changes with every write. `parts` is the number
    of parts of a multipart object, 0 for a plain one.

    `extent` is the only extent of an object that has just one (the usual case); None for an empty object and
    for one that has several: read a range of them by `metadata.objects.extents` (`size` distinguishes the two
    cases).
    """

    bucket_id: int
    key: str
    version_id: str
    data_id: bytes
    etag: str
    size: int
    modified_us: int
    owner: str
    properties: Properties
    checksum: Checksum | None
    parts: int
    extent: Extent | None
    versioned: bool = False
    extras: Extras = NO_EXTRAS


class Annotation(NamedTuple):
    """A named text attached to an object version: one extent, encrypted like the object."""

    name: str
    etag: str
    size: int
    modified_us: int
    checksum: Checksum | None
    extent: Extent


class NewAnnotation(NamedTuple):
    """An annotation to write. Its content has one extent."""

    name: str
    etag: str
    modified_us: int
    checksum: Checksum | None
    content: Content


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to write, by PutObject, CopyObject or CompleteMultipartUpload.

    `emit`: makes the events of the write. `annotations`: written with it.
    """

    bucket: str
    key: str
    data_id: bytes
    etag: str
    modified_us: int
    owner: str
    properties: Properties
    checksum: Checksum | None
    content: Content
    extras: Extras = NO_EXTRAS
    emit: Emit | None = None
    annotations: tuple[NewAnnotation, ...] = ()
