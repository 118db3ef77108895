"""What an operation, the signature check or a checksum raises when a request is refused."""

from __future__ import annotations


class S3Error(Exception):
    """One of S3's error codes. `details` become extra elements of the <Error> document.

    No HTTP status here: `s3api.wire.errors` has the one table from code to status and default message.
    """

    def __init__(self, code: str, message: str | None = None, **details: str) -> None:
        super().__init__(code, message)
        self.code, self.message, self.details = code, message, details
