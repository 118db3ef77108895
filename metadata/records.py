"""What the metadata store takes and gives: plain frozen records, no SQL, no I/O.

Times are integers, microseconds since 1970 UTC (`_us`). Sizes are bytes. Ids of blobs and of data are 16 raw
bytes (UUIDv7: they sort by time). Keys are str and compare as their UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

OFF, ENABLED, SUSPENDED = "Off", "Enabled", "Suspended"
"""The states of a bucket's versioning."""
NULL_VERSION = "null"
"""The id of a version that was made while versioning was not enabled."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`versioning`: "Off", "Enabled", "Suspended". `revision` changes with every change of its settings."""

    id: int
    name: str
    region: str
    owner: str
    created_us: int
    versioning: str = OFF
    revision: int = 0


class Blob(NamedTuple):
    """An immutable byte string on the nodes.

    `nodes[slot]` is the id of the node that keeps that slot of every stripe; len(nodes) == 6 + parity.
    """

    id: bytes
    size: int
    stripe_bytes: int
    parity: int
    nodes: tuple[int, ...]


class Extent(NamedTuple):
    """`length` bytes of `blob` from `offset` on, standing at `start` of the object or part."""

    start: int
    length: int
    blob: Blob
    offset: int = 0


class MissingChunk(NamedTuple):
    """A chunk that could not be written: goes to the repair queue with the transaction that makes its blob
    exist."""

    blob_id: bytes
    stripe: int
    slot: int


class Staged(NamedTuple):
    """The bytes of a blob that is not on the nodes yet, as they are to have them."""

    blob_id: bytes
    data: bytes | bytearray | memoryview


class Content(NamedTuple):
    """The bytes of a new object or part: extents in order (none: zero bytes).

    `new_blobs`: made by this write (they get a row, with refs 1 per extent); any other is shared, and counted
    in the same transaction (BlobGone where it is dead). `unannounced`: no new blob has an intent.
    """

    size: int
    extents: tuple[Extent, ...] = ()
    new_blobs: frozenset[bytes] = frozenset()
    missing: tuple[MissingChunk, ...] = ()
    staged: Staged | None = None
    unannounced: bool = False


class Checksum(NamedTuple):
    """AWS's object checksum: algorithm ("CRC64NVME"...), type ("FULL_OBJECT" | "COMPOSITE"), value as in the
    header (base64, with "-N" after it for a composite one)."""

    algorithm: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Properties:
    """What a client says about an object and gets back unchanged.

    `headers`: the system headers by their name in AWS's model (ContentType, CacheControl, ContentDisposition,
    ContentEncoding, ContentLanguage, Expires, WebsiteRedirectLocation). `metadata`: the x-amz-meta-* pairs
    without the prefix.
    """

    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Lock:
    """What keeps a version from being deleted: retention of a mode ("GOVERNANCE", "COMPLIANCE") until a time,
    and a legal hold (None: nobody ever said).
    """

    mode: str | None = None
    until_us: int | None = None
    hold: bool | None = None

    def holds(self, now_us: int, *, bypass: bool) -> bool:
        """Whether the version may not be destroyed now; `bypass` lifts governance alone."""
        if self.hold:
            return True
        retained = self.until_us is not None and self.until_us > now_us
        return retained and not (bypass and self.mode == "GOVERNANCE")


@dataclass(frozen=True, slots=True)
class Extras:
    """What most objects have none of. `acl` and `encryption` are JSON values of the layers above."""

    tags: dict[str, str] | None = None
    acl: Any = None
    lock: Lock | None = None
    encryption: Any = None


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class Object:
    """A version of a key, the current one or another.

    `etag` is without quotes. `versioned`: whether the bucket has or had versioning, so that clients are told
    the `version_id`. `data_id` names the content: it changes with every write. `parts` is the number
    of parts of a multipart object, 0 for a plain one.

    `extent` is the only extent of an object that has just one (the usual case); None for an empty object and
    for one that has several: ask `Metadata.extents` for those in the range wanted (`size` tells the two
    apart).
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


class NewEvent(NamedTuple):
    """An event to be told to one target. `document`: JSON."""

    target: str
    occurred_us: int
    document: str


Emit = Callable[[str, str | None, str | None, int | None, bool], Sequence[NewEvent]]
"""Gives the events to write down with a change, in the transaction that makes it, perhaps more than once:
called with the key, and the version id, ETag and size that it has now; at last whether the change is a delete
marker that was made. None in its place: the bucket tells nobody."""


class Annotation(NamedTuple):
    """A named text of an object's version: one extent, encrypted as the object is."""

    name: str
    etag: str
    size: int
    modified_us: int
    checksum: Checksum | None
    extent: Extent


class NewAnnotation(NamedTuple):
    """One to be written. Its content has one extent."""

    name: str
    etag: str
    modified_us: int
    checksum: Checksum | None
    content: Content


@dataclass(frozen=True, slots=True)
class NewObject:
    """A write that makes an object: what PutObject, CopyObject and CompleteMultipartUpload hand over. `emit`:
    whom to tell. `annotations`: those that come with it.
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


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of the key at the moment of the write, as the headers say it, quotes stripped ("*"
    allowed).

    `if_match`: NoSuchKey where the key is missing (AWS: 404), PreconditionFailed where the ETag differs.
    `if_none_match`: "*", or the ETag that may not be there. DeleteObject(s) alone have `if_match_size` and
    `if_match_modified_s` (whole seconds, as Last-Modified has), which a missing key satisfies and a delete
    marker on top does not, and `if_match_modified_us` (lifecycle's: NoSuchKey for a missing key).
    `if_data_id`: BlobGone where the content is another (b"": where there is any).
    """

    if_match: str | None = None
    if_none_match: str | None = None
    if_match_modified_us: int | None = None
    if_match_size: int | None = None
    if_data_id: bytes | None = None
    if_match_modified_s: int | None = None


NO_CONDITIONS = Conditions()


class Deleted(NamedTuple):
    """What a delete did. `found`: there was something to delete, or to hide.

    `version_id`: in a versioned bucket the id of the version that was deleted or, without one named, of the
    delete marker that was made; None elsewhere. `marker`: that version is a delete marker.
    """

    found: bool
    version_id: str | None = None
    marker: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """What to delete: the current version of a key, or the version `version_id` for good.

    `bypass`: ignore a governance retention. `unless_current`: do not delete the named version if it is the
    current one.
    """

    key: str
    conditions: Conditions
    version_id: str | None = None
    bypass: bool = False
    unless_current: bool = False


class Listed(NamedTuple):
    """One key of a listing.

    Light on purpose: a page has a thousand of them.
    """

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
        """How many records it is as heavy as."""
        return 1 + len(self.objects) + len(self.prefixes)


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload under way. `owner`: whose the object will be; `initiator`: who began it (see
    `s3api.access.initiator`). Checksum algorithm and type as CreateMultipartUpload named them.
    """

    id: str
    bucket: str
    key: str
    owner: str
    initiated_us: int
    properties: Properties
    checksum_algorithm: str | None
    checksum_type: str | None
    extras: Extras = NO_EXTRAS
    initiator: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload, or (with `start`, its place in the object) of a completed multipart object."""

    number: int
    etag: str
    size: int
    modified_us: int
    checksum: Checksum | None
    start: int | None = None


@dataclass(frozen=True, slots=True)
class UploadPage:
    uploads: list[Upload]
    prefixes: list[str]
    next_key_marker: str | None
    next_upload_id_marker: str | None


@dataclass(frozen=True, slots=True)
class Replication:
    """A PostgreSQL server and its copies. `standby`: it is one itself. `lag_s` and `lag_bytes`: how far the
    copy that is furthest behind is (a standby: itself); None where there is none, or where it is not told.
    """

    standby: bool
    standbys: int
    lag_s: float | None
    lag_bytes: int | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A registered node.

    `state`: "active" (takes chunks), "draining" (read only, being emptied), "readonly". `capacity_bytes`
    None: the node's own word counts.
    """

    id: int
    address: str
    state: str
    capacity_bytes: int | None
    added_us: int


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key pair.

    The secret is what SigV4 needs in clear: it never enters a log, repr included.
    """

    access_key: str
    secret_key: str = field(repr=False)
    owner: str
    state: str
    created_us: int
    user_name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns buckets and objects. `id`: canonical, 64 hex digits; `number`: the twelve digits of ARNs."""

    id: str
    number: str
    name: str
    email: str | None
    created_us: int


@dataclass(frozen=True, slots=True)
class IamUser:
    """A user of an account. `id` stays when its name changes, and no later user of that name has it."""

    account_id: str
    name: str
    id: str
    path: str
    created_us: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is: an account's root (`user` None), or one of its users with its policies' texts."""

    account: Account
    user: IamUser | None = None
    policies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Garbage:
    """A blob that nothing refers to any more, waiting for its chunks to be deleted."""

    blob: Blob
    since_us: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Repair:
    """A chunk to be written again, with its blob as it stands now."""

    missing: MissingChunk
    blob: Blob
    attempts: int


class OutboxEvent(NamedTuple):
    """An event that waits. `id` is its place among all."""

    id: int
    document: str
    attempts: int
    occurred_us: int


class DeadLetter(NamedTuple):
    """An event that could not be delivered, and why."""

    id: int
    target: str
    document: str
    attempts: int
    reason: str
    died_us: int


class Walked(NamedTuple):
    """A version or delete marker that a walk through a bucket comes by. `rank`: its place among those of its
    key, the newest first.
    """

    key: str
    rank: int
    version_id: str
    modified_us: int
    size: int
    storage_class: str
    tags: dict[str, str]
    marker: bool
