"""What is stored where: buckets, objects, uploads, blobs, nodes and keys, in SQLite or PostgreSQL.

`open_metadata` gives a `Metadata`. It knows nothing of bytes, of HTTP or of S3's error codes; it raises
`metadata.errors` and takes and gives `metadata.records`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from metadata import errors, records
from metadata.errors import MetadataError, MetadataUnavailable

if TYPE_CHECKING:
    from metadata.store import Metadata, open_metadata
    from metadata.transactions.renames import RenameRequest

__all__ = [
    "Metadata",
    "MetadataError",
    "MetadataUnavailable",
    "RenameRequest",
    "errors",
    "open_metadata",
    "records",
]

# Imported at their first use: errors and records do not need SQLAlchemy, whose import is slow.
_LAZY = {
    "Metadata": "metadata.store",
    "open_metadata": "metadata.store",
    "RenameRequest": "metadata.transactions.renames",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'metadata' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
