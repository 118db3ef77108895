"""The one exception that ends a request in S3's own words.

It names the code alone. Which HTTP status and which sentence belong to it is one table in
`s3api.wire.errors`, so that operations and authentication need not know HTTP.
"""

from __future__ import annotations


class S3Error(Exception):
    """An error of S3's list. `message` None: AWS's own sentence for the code.

    `details` become elements of the answer's <Error>, in the order given (ArgumentName, BucketName,
    CanonicalRequest...); those in `s3api.wire.errors.HEADER_DETAILS` become headers instead (ETag of a 304,
    Allow of a 405). `elsewhere`: the code that other stores have for the same, which is told in its place
    where the settings are lenient.
    """

    def __init__(
        self, code: str, message: str | None = None, *, elsewhere: str | None = None, **details: str
    ) -> None:
        super().__init__(code, message)
        self.code, self.message, self.details, self.elsewhere = code, message, details, elsewhere

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code
