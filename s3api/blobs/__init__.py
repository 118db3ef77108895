"""Store and read the bytes of objects: stripes, erasure coding, placement, repair. `BlobStore` is the entry.

The package knows storage nodes and the metadata's rows for blobs. It knows no buckets, object keys or HTTP.

When is a PUT safe? A 200 is sent after `BlobStore.write` and the metadata commit that refers to its blobs:

    object size  nodes                          synced to disk before the commit       synced by the commit
    0            any                            nothing                                the rows
    to 8 KiB     one LMDB environment, SQLite   nothing: `Staging.take` keeps the      the rows and the bytes
                                                chunks in memory (`Content.staged`)    (table `staged`)
    to 6 MiB     one LMDB environment           all 8 chunks, one LMDB transaction:    the rows
                                                `Environment.write_all`
    to 6 MiB     any other                      7 of 8 chunks, 8 with fewer than 8     the rows, and a repair
                                                nodes: `StripeWriter.put`              row per missing chunk
    larger, or   as the two rows above, stripe by stripe; `_LargeWrite._write_intent` first commits the
    no length    blob's id, so that the orphan sweep leaves its chunks alone

The commit is one fsync of SQLite's WAL (`synchronous = FULL`) or PostgreSQL's COMMIT; `metadata.objects.put`
returns after it. Parity 0 needs all 6 chunks. docs/durability.md has what a crash leaves.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3api.blobs.blob_store import BlobStore
    from s3api.blobs.cluster import NodesFull, NodeStatus
    from s3api.blobs.placement import TooFewNodes
    from s3api.blobs.stripe_reader import DataUnavailable

__all__ = ["BlobStore", "DataUnavailable", "NodeStatus", "NodesFull", "TooFewNodes"]

# Imported at their first use: `sixfold node list` needs the cluster, but neither reads nor writes blobs.
_LAZY = {
    "BlobStore": "s3api.blobs.blob_store",
    "DataUnavailable": "s3api.blobs.stripe_reader",
    "NodeStatus": "s3api.blobs.cluster",
    "NodesFull": "s3api.blobs.cluster",
    "TooFewNodes": "s3api.blobs.placement",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 's3api.blobs' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
