"""What the writer does with a body's bytes beside storing them: digest them in order, and say at the end
whether they are the right ones."""

from __future__ import annotations

from typing import Protocol

from chunkd import Buffer
from s3api.body import Body


class Digests(Protocol):
    def update(self, data: Buffer) -> None:
        """Take the next bytes.

        Called in order, one call at a time, for large pieces from a thread: releases the GIL where it can.
        """
        ...

    def check(self, body: Body) -> None:
        """After the last byte: raise S3Error (BadDigest, XAmzContentSHA256Mismatch and their like) where the
        bytes are not those declared.
        """
        ...
