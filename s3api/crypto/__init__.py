"""Server-side encryption, without I/O: how bytes are encrypted, and how the keys that encrypt them are kept.

Each object has a data key of its own, 32 random bytes (`ContentKey`). It encrypts the object's blobs, each
under a key derived from it and the blob's id, in segments (`segments`), and lies in the object's row wrapped
under another key (`wrapping`): of the customer's, of ours, or of a key service. Nothing here knows a bucket,
a header or a database.
"""

from s3api.crypto.segments import (
    PLAIN_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    BlobCipher,
    ContentKey,
    Tampered,
    stored_size,
)

__all__ = [
    "PLAIN_BYTES",
    "SEGMENT_BYTES",
    "TAG_BYTES",
    "BlobCipher",
    "ContentKey",
    "Tampered",
    "stored_size",
]
