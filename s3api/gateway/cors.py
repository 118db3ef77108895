"""CORS in the gateway: preflights are answered, and answers to requests with an Origin get their headers.

Whether a browser may show an answer to a page is no question of authorization: errors get the headers too,
and a preflight is answered to anybody. A request without an Origin costs one look at its headers.
"""

from __future__ import annotations

from metadata.bucket_settings import Buckets, BucketSettings
from metadata.errors import MetadataError, NoSuchBucket
from s3api.gateway.cors_rules import KINDS, Cors, Headers, no_bucket, no_document, preflight_terms
from s3api.http.request import Request
from s3api.wire import Reply

KIND = "Cors"


class CorsAnswers:
    """The CORS of all buckets."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    async def preflight(self, request: Request, bucket: str | None, key: str | None) -> Reply:
        """Raises S3Error BadRequest, AccessForbidden; MetadataUnavailable."""
        kind = KINDS[0 if bucket is None else 1 if key is None else 2]
        _, method = preflight_terms(request.headers)
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
        """What the answer to a request with an Origin has beside its own headers. `settings`: the bucket's,
        where they are at hand.
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
