"""Make the `RequestContext` of a request, once for policies, operations and logs."""

from __future__ import annotations

from collections.abc import Mapping

from s3api.access.request_context import RequestContext
from s3api.http.request import Request
from s3api.observe import AccessRecord
from s3api.signatures import VerifiedRequest

NO_QUERY: Mapping[str, str] = {}


def request_context(
    request: Request,
    record: AccessRecord,
    operation: str,
    now_us: int,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] = NO_QUERY,
    auth_type: str | None = None,
    signed_at: str | None = None,
) -> RequestContext:
    """Make the context of a request.

    `headers` replace the request's own. `auth_type`: the value of s3:authType; `signed_at`: the time that the
    signature states, as SigV4 writes it.
    """
    return RequestContext(
        record.request_id,
        operation,
        record.bucket,
        request.headers if headers is None else headers,
        query,
        now_us,
        record.client or None,
        request.secure,
        request.tls_version,
        request.url,
        auth_type,
        signed_at,
    )


def signed_context(
    request: Request, record: AccessRecord, verified: VerifiedRequest, query: Mapping[str, str], now_us: int
) -> RequestContext:
    """Make the context of a request whose signature, if it has one, is verified."""
    if verified.access_key is None:
        return request_context(request, record, record.operation, now_us, query=query)
    presigned = verified.presigned
    return request_context(
        request,
        record,
        record.operation,
        now_us,
        query=query,
        auth_type="REST-QUERY-STRING" if presigned else "REST-HEADER",
        signed_at=query.get("X-Amz-Date") if presigned else request.headers.get("x-amz-date"),
    )
