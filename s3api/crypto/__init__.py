"""Encryption of blobs and wrapping of data keys, without I/O.

Each object has a data key of 32 random bytes (`ContentKey`). `segments` encrypts each blob of the object with
a key derived from the data key and the blob's id. `wrapping` encrypts the data key itself, with a key of the
customer, of the gateway or of a key service; the wrapped key is stored in the object's row (`envelope`).
Nothing here knows buckets, headers or the database. `private_files` writes files that hold secrets.
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
