"""Tables, columns and parameters from which the statements of this package are built."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Integer,
    Table,
    bindparam,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from metadata.schema import tables

# Inserts are built by PostgreSQL's construct: its ON CONFLICT is SQLite's too.

ALL_TABLES = tables.Base.metadata.tables
bucket, object_, extent, blob = (ALL_TABLES[name] for name in ("bucket", "object", "extent", "blob"))
garbage, pending, repair, upload, part = (
    ALL_TABLES[name] for name in ("garbage", "pending", "repair", "upload", "part")
)
staged = ALL_TABLES["staged"]
version, bucket_config = ALL_TABLES["version"], ALL_TABLES["bucket_config"]
BLOB_COLUMNS = (blob.c.id, blob.c.size, blob.c.stripe_bytes, blob.c.parity, blob.c.nodes)
_CHECKSUM = ("checksum_algorithm", "checksum_type", "checksum_value")


def given(name: str, kind: Any = None) -> Any:
    """Make a parameter."""
    return bindparam(name, type_=kind)


def all_of(table: Table) -> Insert:
    """Make an INSERT of a whole row, which does nothing if the key exists."""
    return insert(table).values({c.name: given(c.name, c.type) for c in table.c}).on_conflict_do_nothing()


def limited(name: str = "limit") -> Any:
    """Make the parameter of a LIMIT."""
    return given(name, Integer)
