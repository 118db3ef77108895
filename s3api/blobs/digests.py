"""The interface by which the writer computes and checks the digests of a body."""

from __future__ import annotations

from typing import Protocol

from chunkd import Buffer
from s3api.body import Body


class Digests(Protocol):
    """The digests of one body, computed while it is received."""

    def update(self, data: Buffer) -> None:
        """Add the next bytes.

        Called in order, one call at a time; for large pieces from a thread, so it releases the GIL if it can.
        """
        ...

    def check(self, body: Body) -> None:
        """Compare with the digests that the client stated, after the last byte.

        Raises S3Error (BadDigest, XAmzContentSHA256Mismatch and their like) if they differ.
        """
        ...
