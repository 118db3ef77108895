"""The tables of buckets, objects, blobs, nodes and accounts, declared as SQLModel classes.

Relations:

- `object` holds the current version of each key, where that is no delete marker. Its content is one extent
  inside the row (`blob_id`, `blob_offset`; the usual case), nothing (`size` 0), or rows of `extent` under its
  `data_id`.
- `version` holds what is not current: noncurrent versions, and all delete markers, those on top included. A
  key in `object` is newer than all of its rows in `version`; `rank` is minus the time: rising order is newest
  first. A bucket without versioning has no row there.
- `bucket.revision` counts the changes of a bucket's settings, `bucket_config` has their documents.
- `part` belongs to an upload while it is under way (`owner_id` is the upload's `parts_id`), and to the object
  afterwards (`owner_id` is the object's `data_id`, `start` is set). The bytes of an upload's parts are rows
  of `extent` under its `parts_id`, part number n from n * PART_SPAN on; completion moves them under the
  object's `data_id`, at their position in it.
- `blob.refs` is the number of extents, in rows or inside objects, that name the blob. At zero the row moves
  to `garbage`.
- `pending` holds the intents of long writes, `repair` the chunks to be written again: of blobs in `blob` or
  in `garbage` alone.
- `staged` holds the bytes of small blobs, committed with their rows, until the nodes have them (SQLite only).

The only foreign keys are those to `bucket`: PostgreSQL deletes a bucket only if it is empty, whatever other
gateways do meanwhile. On SQLite they are not enforced: its transactions are one at a time.
"""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

# Order and equality of bytes, whatever the database's locale; SQLite's text compares so by itself.
KEY_TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
# An automatic 64-bit row number; SQLite numbers rows only in INTEGER columns.
SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
PART_SPAN = 1 << 40
WITHOUT_ROWID = {"sqlite_with_rowid": False}


class Base(SQLModel, registry=registry()):
    """The base of all tables, with a registry of its own: tables of other packages do not mix with these."""


class Bucket(Base, table=True):
    __tablename__ = "bucket"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, sa_type=Integer, primary_key=True)
    name: str = Field(sa_type=KEY_TEXT, unique=True)
    region: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    created_us: int = Field(sa_type=BigInteger)
    versioning: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "Off"})
    revision: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class BucketConfig(Base, table=True):
    """`kind`: "Policy", "Cors"...; `id`: "" but for kinds of which a bucket has several; `document`: JSON."""

    __tablename__ = "bucket_config"
    __table_args__ = WITHOUT_ROWID

    bucket_id: int = Field(sa_type=Integer, primary_key=True, foreign_key="bucket.id")
    kind: str = Field(sa_type=Text, primary_key=True)
    id: str = Field(sa_type=KEY_TEXT, primary_key=True)
    document: str = Field(sa_type=Text)


class AnyVersion(SQLModel):
    """The columns of a version of an object. `tags`, `acl`, `lock`, `encryption`: JSON, NULL for none."""

    bucket_id: int = Field(sa_type=Integer, primary_key=True, foreign_key="bucket.id")
    key: str = Field(sa_type=KEY_TEXT, primary_key=True)
    version_id: str = Field(sa_type=Text)
    data_id: bytes = Field(sa_type=LargeBinary)
    etag: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    modified_us: int = Field(sa_type=BigInteger)
    owner: str = Field(sa_type=Text)
    storage_class: str = Field(sa_type=Text)
    checksum_algorithm: str | None = Field(sa_type=Text)
    checksum_type: str | None = Field(sa_type=Text)
    checksum_value: str | None = Field(sa_type=Text)
    attributes: str | None = Field(sa_type=Text)
    parts: int = Field(sa_type=Integer)
    blob_id: bytes | None = Field(sa_type=LargeBinary)
    blob_offset: int = Field(sa_type=BigInteger)
    rank: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    tags: str | None = Field(sa_type=Text)
    acl: str | None = Field(sa_type=Text)
    lock: str | None = Field(sa_type=Text)
    encryption: str | None = Field(sa_type=Text)


class Object(AnyVersion, Base, table=True):
    __tablename__ = "object"
    __table_args__ = WITHOUT_ROWID


class Version(AnyVersion, Base, table=True):
    __tablename__ = "version"
    __table_args__ = (
        Index("ix_version_id", "bucket_id", "key", "version_id", unique=True),
        WITHOUT_ROWID,
    )

    rank: int = Field(sa_type=BigInteger, primary_key=True)
    delete_marker: int = Field(sa_type=Integer)


class Extent(Base, table=True):
    __tablename__ = "extent"
    __table_args__ = WITHOUT_ROWID

    data_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    start: int = Field(sa_type=BigInteger, primary_key=True)
    length: int = Field(sa_type=BigInteger)
    blob_id: bytes = Field(sa_type=LargeBinary)
    blob_offset: int = Field(sa_type=BigInteger)


class Blob(Base, table=True):
    """A blob. `nodes`: the node id of each slot, four bytes each, big-endian."""

    __tablename__ = "blob"
    __table_args__ = WITHOUT_ROWID

    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    size: int = Field(sa_type=BigInteger)
    stripe_bytes: int = Field(sa_type=BigInteger)
    parity: int = Field(sa_type=Integer)
    nodes: bytes = Field(sa_type=LargeBinary)
    refs: int = Field(sa_type=BigInteger)


class Garbage(Base, table=True):
    """A blob to be deleted. `retry_us`: 0, or the time before which a failed deletion is not tried again."""

    __tablename__ = "garbage"
    __table_args__ = (Index("ix_garbage_due", "retry_us", "since_us"), WITHOUT_ROWID)

    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    size: int = Field(sa_type=BigInteger)
    stripe_bytes: int = Field(sa_type=BigInteger)
    parity: int = Field(sa_type=Integer)
    nodes: bytes = Field(sa_type=LargeBinary)
    since_us: int = Field(sa_type=BigInteger)
    retry_us: int = Field(sa_type=BigInteger)
    attempts: int = Field(sa_type=Integer)


class Pending(Base, table=True):
    __tablename__ = "pending"
    __table_args__ = (Index("ix_pending_touched", "touched_us"), WITHOUT_ROWID)

    blob_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    touched_us: int = Field(sa_type=BigInteger)


class Repair(Base, table=True):
    __tablename__ = "repair"
    __table_args__ = (Index("ix_repair_due", "due_us"), WITHOUT_ROWID)

    blob_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    stripe: int = Field(sa_type=BigInteger, primary_key=True)
    slot: int = Field(sa_type=Integer, primary_key=True)
    due_us: int = Field(sa_type=BigInteger)
    attempts: int = Field(sa_type=Integer)


class Upload(Base, table=True):
    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_key", "bucket_id", "key", "id", unique=True), WITHOUT_ROWID)

    id: str = Field(sa_type=KEY_TEXT, primary_key=True)
    bucket_id: int = Field(sa_type=Integer, foreign_key="bucket.id")
    key: str = Field(sa_type=KEY_TEXT)
    parts_id: bytes = Field(sa_type=LargeBinary)
    owner: str = Field(sa_type=Text)
    initiated_us: int = Field(sa_type=BigInteger)
    storage_class: str = Field(sa_type=Text)
    checksum_algorithm: str | None = Field(sa_type=Text)
    checksum_type: str | None = Field(sa_type=Text)
    attributes: str | None = Field(sa_type=Text)
    tags: str | None = Field(sa_type=Text)
    acl: str | None = Field(sa_type=Text)
    lock: str | None = Field(sa_type=Text)
    encryption: str | None = Field(sa_type=Text)
    initiator: str | None = Field(sa_type=Text)


class Part(Base, table=True):
    __tablename__ = "part"
    __table_args__ = WITHOUT_ROWID

    owner_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    number: int = Field(sa_type=Integer, primary_key=True)
    etag: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    modified_us: int = Field(sa_type=BigInteger)
    checksum_algorithm: str | None = Field(sa_type=Text)
    checksum_type: str | None = Field(sa_type=Text)
    checksum_value: str | None = Field(sa_type=Text)
    start: int | None = Field(sa_type=BigInteger)


class Staged(Base, table=True):
    """The bytes of a small blob that the nodes do not have yet."""

    __tablename__ = "staged"
    __table_args__ = WITHOUT_ROWID

    blob_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)


class Node(Base, table=True):
    """A storage node. A row inserted by hand needs only its address."""

    __tablename__ = "node"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, sa_type=Integer, primary_key=True)
    address: str = Field(sa_type=Text, unique=True)
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "active"})
    capacity_bytes: int | None = Field(sa_type=BigInteger)
    added_us: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Account(Base, table=True):
    """An account, which owns buckets and objects. `id`: 64 hex digits; `number`: the 12 digits of ARNs."""

    __tablename__ = "account"
    __table_args__ = WITHOUT_ROWID

    id: str = Field(sa_type=Text, primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text, unique=True)
    email: str | None = Field(sa_type=Text, unique=True)
    created_us: int = Field(sa_type=BigInteger)


class IamUser(Base, table=True):
    """A user of an account: may do what policies allow."""

    __tablename__ = "iam_user"
    __table_args__ = WITHOUT_ROWID

    account_id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=KEY_TEXT, primary_key=True)
    id: str = Field(sa_type=Text, unique=True)
    path: str = Field(sa_type=Text)
    created_us: int = Field(sa_type=BigInteger)


class IamUserPolicy(Base, table=True):
    __tablename__ = "iam_user_policy"
    __table_args__ = WITHOUT_ROWID

    account_id: str = Field(sa_type=Text, primary_key=True)
    user_name: str = Field(sa_type=KEY_TEXT, primary_key=True)
    name: str = Field(sa_type=KEY_TEXT, primary_key=True)
    document: str = Field(sa_type=Text)


class AccessKey(Base, table=True):
    """An access key. `user_name` NULL: a root key of the account."""

    __tablename__ = "access_key"
    __table_args__ = WITHOUT_ROWID

    access_key: str = Field(sa_type=Text, primary_key=True)
    secret_key: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    created_us: int = Field(sa_type=BigInteger)
    user_name: str | None = Field(sa_type=KEY_TEXT)


class Lease(Base, table=True):
    __tablename__ = "lease"
    __table_args__ = WITHOUT_ROWID

    name: str = Field(sa_type=Text, primary_key=True)
    holder: str = Field(sa_type=Text)
    until_us: int = Field(sa_type=BigInteger)


class Event(Base, table=True):
    """An event that waits for its delivery to `target`, written with its change. `document`: JSON."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_due", "target", "due_us", "id"),
        Index("ix_event_target", "target", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_type=SEQUENCE, primary_key=True)
    target: str = Field(sa_type=Text)
    due_us: int = Field(sa_type=BigInteger)
    occurred_us: int = Field(sa_type=BigInteger)
    attempts: int = Field(sa_type=Integer)
    document: str = Field(sa_type=Text)


class DeadLetter(Base, table=True):
    """An event that could not be delivered. `id` is that of the event."""

    __tablename__ = "dead_letter"
    __table_args__ = WITHOUT_ROWID

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    target: str = Field(sa_type=Text)
    document: str = Field(sa_type=Text)
    attempts: int = Field(sa_type=Integer)
    reason: str = Field(sa_type=Text)
    died_us: int = Field(sa_type=BigInteger)


class Progress(Base, table=True):
    """The progress of a walk through the store. `document`: JSON."""

    __tablename__ = "progress"
    __table_args__ = WITHOUT_ROWID

    name: str = Field(sa_type=Text, primary_key=True)
    document: str = Field(sa_type=Text)


class Annotation(Base, table=True):
    """A named text attached to an object's version (`data_id`), one blob.

    If no version of the key has this `data_id`, the version was deleted, and a sweep removes the annotation.
    """

    __tablename__ = "annotation"
    __table_args__ = WITHOUT_ROWID

    bucket_id: int = Field(sa_type=Integer, primary_key=True)
    key: str = Field(sa_type=KEY_TEXT, primary_key=True)
    data_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    name: str = Field(sa_type=KEY_TEXT, primary_key=True)
    etag: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    modified_us: int = Field(sa_type=BigInteger)
    checksum_algorithm: str | None = Field(sa_type=Text)
    checksum_type: str | None = Field(sa_type=Text)
    checksum_value: str | None = Field(sa_type=Text)
    blob_id: bytes = Field(sa_type=LargeBinary)


class RenameToken(Base, table=True):
    """A finished rename, by its client token. `digest`: of the request."""

    __tablename__ = "rename_token"
    __table_args__ = (Index("ix_rename_token_age", "created_us"), WITHOUT_ROWID)

    bucket_id: int = Field(sa_type=Integer, primary_key=True)
    token: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text)
    created_us: int = Field(sa_type=BigInteger)
