"""The tables, declared in SQLAlchemy Core: mapped classes would not be used, and take 0.3 s to import.

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
- `staged` holds the bytes of small blobs, committed with their rows, until the nodes have them (SQLite
  alone).

The only foreign keys are those to `bucket`: PostgreSQL deletes a bucket only if it is empty, whatever other
gateways do meanwhile. On SQLite they are not enforced: its transactions are one at a time.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects import postgresql

METADATA = MetaData()
# Order and equality of bytes, whatever the database's locale; SQLite's text compares so by itself.
KEY_TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
# An automatic 64-bit row number; SQLite numbers rows only in INTEGER columns.
SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
PART_SPAN = 1 << 40


def key(name: str, *type_: Any, **options: Any) -> Column[Any]:
    """Declare a column of the primary key."""
    return Column(name, *type_, primary_key=True, nullable=False, **options)


def column(name: str, *type_: Any, **options: Any) -> Column[Any]:
    """Declare a NOT NULL column."""
    return Column(name, *type_, nullable=False, **options)


def nullable(name: str, *type_: Any, **options: Any) -> Column[Any]:
    return Column(name, *type_, nullable=True, **options)


def _version_columns(rank: Column[int]) -> list[Column[Any]]:
    """The columns of a version of an object. `tags`, `acl`, `lock`, `encryption`: JSON, NULL for none."""
    return [
        key("bucket_id", Integer, ForeignKey("bucket.id")),
        key("key", KEY_TEXT),
        column("version_id", Text),
        column("data_id", LargeBinary),
        column("etag", Text),
        column("size", BigInteger),
        column("modified_us", BigInteger),
        column("owner", Text),
        column("storage_class", Text),
        nullable("checksum_algorithm", Text),
        nullable("checksum_type", Text),
        nullable("checksum_value", Text),
        nullable("attributes", Text),
        column("parts", Integer),
        nullable("blob_id", LargeBinary),
        column("blob_offset", BigInteger),
        rank,
        nullable("tags", Text),
        nullable("acl", Text),
        nullable("lock", Text),
        nullable("encryption", Text),
    ]


Table(
    "bucket",
    METADATA,
    key("id", Integer),
    column("name", KEY_TEXT, unique=True),
    column("region", Text),
    column("owner", Text),
    column("created_us", BigInteger),
    column("versioning", Text, server_default="Off"),
    column("revision", BigInteger, server_default="0"),
    sqlite_autoincrement=True,
)

# `kind`: "Policy", "Cors"...; `id`: "" but for kinds of which a bucket has several; `document`: JSON.
Table(
    "bucket_config",
    METADATA,
    key("bucket_id", Integer, ForeignKey("bucket.id")),
    key("kind", Text),
    key("id", KEY_TEXT),
    column("document", Text),
    sqlite_with_rowid=False,
)

Table(
    "object",
    METADATA,
    *_version_columns(column("rank", BigInteger, server_default="0")),
    sqlite_with_rowid=False,
)

Table(
    "version",
    METADATA,
    *_version_columns(key("rank", BigInteger)),
    column("delete_marker", Integer),
    Index("ix_version_id", "bucket_id", "key", "version_id", unique=True),
    sqlite_with_rowid=False,
)

Table(
    "extent",
    METADATA,
    key("data_id", LargeBinary),
    key("start", BigInteger),
    column("length", BigInteger),
    column("blob_id", LargeBinary),
    column("blob_offset", BigInteger),
    sqlite_with_rowid=False,
)

# `nodes`: the node id of each slot, four bytes each, big-endian.
Table(
    "blob",
    METADATA,
    key("id", LargeBinary),
    column("size", BigInteger),
    column("stripe_bytes", BigInteger),
    column("parity", Integer),
    column("nodes", LargeBinary),
    column("refs", BigInteger),
    sqlite_with_rowid=False,
)

# `retry_us`: 0 until a deletion has failed; then not before that time again.
Table(
    "garbage",
    METADATA,
    key("id", LargeBinary),
    column("size", BigInteger),
    column("stripe_bytes", BigInteger),
    column("parity", Integer),
    column("nodes", LargeBinary),
    column("since_us", BigInteger),
    column("retry_us", BigInteger),
    column("attempts", Integer),
    Index("ix_garbage_due", "retry_us", "since_us"),
    sqlite_with_rowid=False,
)

Table(
    "pending",
    METADATA,
    key("blob_id", LargeBinary),
    column("touched_us", BigInteger),
    Index("ix_pending_touched", "touched_us"),
    sqlite_with_rowid=False,
)

Table(
    "repair",
    METADATA,
    key("blob_id", LargeBinary),
    key("stripe", BigInteger),
    key("slot", Integer),
    column("due_us", BigInteger),
    column("attempts", Integer),
    Index("ix_repair_due", "due_us"),
    sqlite_with_rowid=False,
)

Table(
    "upload",
    METADATA,
    key("id", KEY_TEXT),
    column("bucket_id", Integer, ForeignKey("bucket.id")),
    column("key", KEY_TEXT),
    column("parts_id", LargeBinary),
    column("owner", Text),
    column("initiated_us", BigInteger),
    column("storage_class", Text),
    nullable("checksum_algorithm", Text),
    nullable("checksum_type", Text),
    nullable("attributes", Text),
    nullable("tags", Text),
    nullable("acl", Text),
    nullable("lock", Text),
    nullable("encryption", Text),
    nullable("initiator", Text),
    Index("ix_upload_key", "bucket_id", "key", "id", unique=True),
    sqlite_with_rowid=False,
)

Table(
    "part",
    METADATA,
    key("owner_id", LargeBinary),
    key("number", Integer),
    column("etag", Text),
    column("size", BigInteger),
    column("modified_us", BigInteger),
    nullable("checksum_algorithm", Text),
    nullable("checksum_type", Text),
    nullable("checksum_value", Text),
    nullable("start", BigInteger),
    sqlite_with_rowid=False,
)

# The bytes of a small blob's one stripe, until its chunks are on the nodes.
Table(
    "staged",
    METADATA,
    key("blob_id", LargeBinary),
    column("data", LargeBinary),
    sqlite_with_rowid=False,
)

# A row inserted by hand needs only its address.
Table(
    "node",
    METADATA,
    key("id", Integer),
    column("address", Text, unique=True),
    column("state", Text, server_default="active"),
    nullable("capacity_bytes", BigInteger),
    column("added_us", BigInteger, server_default="0"),
    sqlite_autoincrement=True,
)

# Owners of buckets and objects. `id`: canonical (64 hex digits); `number`: the 12 digits of ARNs.
Table(
    "account",
    METADATA,
    key("id", Text),
    column("number", Text, unique=True),
    column("name", Text, unique=True),
    nullable("email", Text, unique=True),
    column("created_us", BigInteger),
    sqlite_with_rowid=False,
)

# A user of an account: may do what policies allow.
Table(
    "iam_user",
    METADATA,
    key("account_id", Text),
    key("name", KEY_TEXT),
    column("id", Text, unique=True),
    column("path", Text),
    column("created_us", BigInteger),
    sqlite_with_rowid=False,
)

Table(
    "iam_user_policy",
    METADATA,
    key("account_id", Text),
    key("user_name", KEY_TEXT),
    key("name", KEY_TEXT),
    column("document", Text),
    sqlite_with_rowid=False,
)

# `user_name` NULL: the account's own (root) key.
Table(
    "access_key",
    METADATA,
    key("access_key", Text),
    column("secret_key", Text),
    column("owner", Text),
    column("state", Text),
    column("created_us", BigInteger),
    nullable("user_name", KEY_TEXT),
    sqlite_with_rowid=False,
)

Table(
    "lease",
    METADATA,
    key("name", Text),
    column("holder", Text),
    column("until_us", BigInteger),
    sqlite_with_rowid=False,
)

# An event that waits for its delivery to `target`, written with its change. `document`: JSON.
Table(
    "event",
    METADATA,
    key("id", SEQUENCE),
    column("target", Text),
    column("due_us", BigInteger),
    column("occurred_us", BigInteger),
    column("attempts", Integer),
    column("document", Text),
    Index("ix_event_due", "target", "due_us", "id"),
    Index("ix_event_target", "target", "id"),
    sqlite_autoincrement=True,
)

# An event that could not be delivered: `id` is that of the event.
Table(
    "dead_letter",
    METADATA,
    key("id", BigInteger, autoincrement=False),
    column("target", Text),
    column("document", Text),
    column("attempts", Integer),
    column("reason", Text),
    column("died_us", BigInteger),
    sqlite_with_rowid=False,
)

# Progress of a walk through the store. `document`: JSON.
Table(
    "progress",
    METADATA,
    key("name", Text),
    column("document", Text),
    sqlite_with_rowid=False,
)

# A named text attached to an object's version (`data_id`), one blob. If no version of the key has this
# `data_id`, the version was deleted and a sweep removes the annotation.
Table(
    "annotation",
    METADATA,
    key("bucket_id", Integer),
    key("key", KEY_TEXT),
    key("data_id", LargeBinary),
    key("name", KEY_TEXT),
    column("etag", Text),
    column("size", BigInteger),
    column("modified_us", BigInteger),
    nullable("checksum_algorithm", Text),
    nullable("checksum_type", Text),
    nullable("checksum_value", Text),
    column("blob_id", LargeBinary),
    sqlite_with_rowid=False,
)

# A finished rename, by its client token. `digest`: of the request.
Table(
    "rename_token",
    METADATA,
    key("bucket_id", Integer),
    key("token", Text),
    column("digest", Text),
    column("created_us", BigInteger),
    Index("ix_rename_token_age", "created_us"),
    sqlite_with_rowid=False,
)
