"""An LRU cache of small blobs in memory, bounded in bytes.

Blobs never change, so no entry is ever stale: a replaced object has another blob, and nothing reads the blob
of a deleted one.
"""

from __future__ import annotations

from collections import OrderedDict

OVERHEAD_BYTES = 200  # of an entry beside its bytes: key, links, object headers


class BlobCache:
    """Evicts the least recently used blobs first. With `limit_bytes` 0 it keeps nothing."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = self.hits = self.misses = 0
        self._blobs: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, blob_id: bytes) -> bytes | None:
        found = self._blobs.get(blob_id)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._blobs.move_to_end(blob_id)
        return found

    def put(self, blob_id: bytes, data: bytes) -> None:
        cost = len(data) + OVERHEAD_BYTES
        if cost > self.limit_bytes or blob_id in self._blobs:
            return
        self._blobs[blob_id] = data
        self.size_bytes += cost
        while self.size_bytes > self.limit_bytes:
            _, gone = self._blobs.popitem(last=False)
            self.size_bytes -= len(gone) + OVERHEAD_BYTES
