"""CORS of the S3 endpoint: answer preflights, and add headers to the answers of requests with an Origin.

CORS is independent of authorization: errors get the headers too, and preflights need no signature. A request
without an Origin costs one dictionary look-up.
"""

from __future__ import annotations

from metadata.bucket_settings import Buckets, BucketSettings
from metadata.errors import MetadataError, NoSuchBucket
from s3api.gateway.cors_rules import KINDS, Cors, Headers, no_bucket, no_document, read_preflight
from s3api.http.request import Request
from s3api.wire import Reply

KIND = "Cors"


class CorsAnswers:
    """Applies the CORS rules of all buckets."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    async def preflight(self, request: Request, bucket: str | None, key: str | None) -> Reply:
        """Answer a preflight. Raises S3Error BadRequest, AccessForbidden; MetadataUnavailable."""
        kind = KINDS[0 if bucket is None else 1 if key is None else 2]
        _, method = read_preflight(request.headers)
        if bucket is None:
            raise no_document(method, kind)
        try:
            _, settings = await self._buckets.find(bucket)
        except NoSuchBucket:
            raise no_bucket() from None
        rules = settings.parse(KIND, Cors)
        if rules is None:
            raise no_document(method, kind)
        headers = rules.preflight(request.headers, kind)
        return Reply(200, [*headers, (b"content-length", b"0")], b"")

    async def headers(self, request: Request, bucket: str | None, settings: BucketSettings | None) -> Headers:
        """Return the CORS headers for the answer to a request with an Origin. `settings`: the bucket's, None
        to look them up.
        """
        if bucket is None or request.method == "OPTIONS":
            return []
        if settings is None:
            try:
                _, settings = await self._buckets.find(bucket)
            except MetadataError:
                return []
        rules = settings.parse(KIND, Cors)
        return rules.answer(request.headers, request.method) if rules else []
