"""The exception that ends a request with an S3 error code.

It carries the code alone. The HTTP status and the message of each code are one table in
`s3api.wire.error_codes`, so that operations and authentication need not know HTTP.
"""

from __future__ import annotations


class S3Error(Exception):
    """An error with one of S3's codes. `message` None: AWS's own message for the code.

    `details` become elements of the answer's <Error>, in the order given (ArgumentName, BucketName,
    CanonicalRequest...); those in `s3api.wire.errors.HEADER_DETAILS` become headers instead (ETag of a 304,
    Allow of a 405). `elsewhere`: the code that other stores use for the same error, which is sent
    instead where the settings are lenient.
    """

    def __init__(
        self, code: str, message: str | None = None, *, elsewhere: str | None = None, **details: str
    ) -> None:
        super().__init__(code, message)
        self.code, self.message, self.details, self.elsewhere = code, message, details, elsewhere

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code
