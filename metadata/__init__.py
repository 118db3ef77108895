"""What is stored where: buckets, objects, uploads, blobs, nodes and keys, in SQLite or PostgreSQL.

`open_metadata` gives a `Metadata`. It knows nothing of bytes, of HTTP or of S3's error codes; it raises
`metadata.errors` and takes and gives `metadata.records`.
"""

from metadata import errors, records
from metadata.errors import MetadataError, MetadataUnavailable
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
