"""Settings of buckets, versions of objects, accounts and their users."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

KEY_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
EXTRAS = ("tags", "acl", "lock", "encryption")


def upgrade() -> None:
    op.add_column("bucket", sa.Column("versioning", sa.Text(), server_default="Off", nullable=False))
    op.add_column("bucket", sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "bucket_config",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", KEY_TEXT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["bucket.id"]),
        sa.PrimaryKeyConstraint("bucket_id", "kind", "id"),
        sqlite_with_rowid=False,
    )
    op.add_column("object", sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False))
    for table in ("object", "upload"):
        for name in EXTRAS:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    _versions()
    _accounts()


def _versions() -> None:
    op.create_table(
        "version",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("key", KEY_TEXT, nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("data_id", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_us", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("storage_class", sa.Text(), nullable=False),
        sa.Column("checksum_algorithm", sa.Text(), nullable=True),
        sa.Column("checksum_type", sa.Text(), nullable=True),
        sa.Column("checksum_value", sa.Text(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.LargeBinary(), nullable=True),
        sa.Column("blob_offset", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in EXTRAS),
        sa.Column("delete_marker", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bucket_id"], ["bucket.id"]),
        sa.PrimaryKeyConstraint("bucket_id", "key", "rank"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_version_id", "version", ["bucket_id", "key", "version_id"], unique=True)


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("email"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "iam_user",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name"),
        sa.UniqueConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "iam_user_policy",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("user_name", KEY_TEXT, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "user_name", "name"),
        sqlite_with_rowid=False,
    )
    op.add_column("access_key", sa.Column("user_name", KEY_TEXT, nullable=True))
