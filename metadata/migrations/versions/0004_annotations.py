"""Annotations of objects, and the tokens of renames that were done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

KEY_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("key", KEY_TEXT, nullable=False),
        sa.Column("data_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_us", sa.BigInteger(), nullable=False),
        sa.Column("checksum_algorithm", sa.Text(), nullable=True),
        sa.Column("checksum_type", sa.Text(), nullable=True),
        sa.Column("checksum_value", sa.Text(), nullable=True),
        sa.Column("blob_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bucket_id", "key", "data_id", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rename_token",
        sa.Column("bucket_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket_id", "token"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rename_token_age", "rename_token", ["created_us"])
