"""The body of a request to S3: a document that is read at once, or a stream for the operation."""

from __future__ import annotations

from typing import Any

from s3api.body import Body
from s3api.errors import S3Error
from s3api.http.request import Request, declared_length
from s3api.operations.steps.ingest import BodyDigests
from s3api.signatures import ChunkedDecoder, VerifiedRequest
from s3api.wire import Operation


def stream_body(request: Request, verified: VerifiedRequest, limit_bytes: int, idle_s: float) -> Body:
    """Return the body of an object or a part, unread.

    Raises S3Error MissingContentLength, EntityTooLarge, InvalidArgument, NotImplemented.
    """
    if "content-length" not in request.headers and not request.chunked:
        raise S3Error("MissingContentLength")
    return _body(request, verified, limit_bytes, idle_s)


async def read_document(
    operation: Operation, request: Request, verified: VerifiedRequest, idle_s: float
) -> dict[str, Any]:
    """Read an XML or JSON body, check it against its digests and return the inputs in it. Raises S3Error."""
    body = _body(request, verified, operation.max_body_bytes, idle_s)
    stated = operation.document_digests(request.headers)
    if operation.rules.needs_digest and not stated and not body.trailer_names:
        raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5")
    digests = BodyDigests(stated, body, "CRC32")
    document = await body.read_all(operation.max_body_bytes)
    digests.update(document)
    digests.check(body)
    return operation.read_body(bytes(document))


def _body(request: Request, verified: VerifiedRequest, limit_bytes: int, idle_s: float) -> Body:
    payload = verified.payload
    length = declared_length(request)
    if request.chunked and request.headers["transfer-encoding"].strip().lower() != "chunked":
        raise S3Error("NotImplemented", None, Header="Transfer-Encoding")
    if length is None and not request.chunked:
        length = 0
    decoder = None
    if payload.mode.streaming:
        decoder = ChunkedDecoder(verified)
        length = payload.decoded_length
    if length is not None and length > limit_bytes:
        raise S3Error("EntityTooLarge", ProposedSize=str(length), MaxSizeAllowed=str(limit_bytes))
    return Body(
        request.pieces,
        length,
        decoder=decoder,
        sha256=payload.sha256,
        trailer_names=payload.trailers,
        limit_bytes=limit_bytes,
        idle_s=idle_s,
        awaited="expect" in request.headers,
    )
