"""/api/file: store, read, list and delete files. A file is an object of one bucket; its id is the key.

Bodies stream through the same operations as over S3. Browsers must not run a stored file in this origin: it
is sandboxed, and its type is not sniffed.
"""

from __future__ import annotations

import mimetypes
import uuid
from contextlib import suppress
from typing import Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from metadata.errors import NoSuchBucket, NoSuchKey
from metadata.ids import new_id, now_us
from s3api.access.request_context import RequestContext
from s3api.body import Body, Source
from s3api.errors import S3Error
from s3api.http.form import FormFile, boundary_of
from s3api.http.request import Request as HttpRequest
from s3api.http.request import declared_length, send_reply
from s3api.operations.buckets import create_bucket
from s3api.operations.call import Backend, Call, Output
from s3api.operations.deletes import delete_object
from s3api.operations.objects import get_object, head_object, put_object
from s3api.rest.content_disposition import clean, disposition, name_in
from s3api.rest.problem_details import ProblemRoute
from s3api.store import Store
from s3api.wire.scalars import read_time, write_http_date, write_iso_time

DEFAULT_TYPE = "application/octet-stream"
MAX_TYPE_CHARACTERS = 255
FORM_OVERHEAD_BYTES = 2 << 20
LIST_DEFAULT, LIST_MOST = 100, 1000
# Stored files are untrusted: their scripts must not run in this origin, their type must not be sniffed.
_SHIELD = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox; default-src 'none'"}
_HEADERS = {
    "ContentType": "content-type",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "CacheControl": "cache-control",
    "Expires": "expires",
    "ContentRange": "content-range",
    "ETag": "etag",
    "AcceptRanges": "accept-ranges",
}
_BODY = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}

router = APIRouter(route_class=ProblemRoute, tags=["files"])


@router.put("", status_code=201, openapi_extra=_BODY, summary="Store a file")
@router.post("", status_code=201, openapi_extra=_BODY, summary="Store a file", include_in_schema=False)
async def put_file(request: Request, name: str = "") -> Response:
    """Send a form with the field `file`, or the plain bytes, with Content-Type for the type and
    Content-Disposition or `?name=` for the name. Returns `{"id": "<uuid>"}`.
    """
    http = HttpRequest(request.scope, request.receive)
    call = await _call(request, "PutObject")
    limit = _store(request).settings.http.max_object_bytes
    length = declared_length(http)
    content_type = http.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        _check_length(length, limit + FORM_OVERHEAD_BYTES)
        form = await FormFile.open(http.pieces, boundary_of(content_type))
        source: Source = form.pieces
        length, name, kind = None, clean(form.name), form.type
    else:
        _check_length(length, limit)
        length = 0 if length is None and not http.chunked else length
        name = name_in(http.headers.get("content-disposition", "")) or clean(name)
        source, kind = http.pieces, content_type
    idle_s = _store(request).settings.http.body_idle_s
    call.body = Body(source, length, limit_bytes=limit, idle_s=idle_s)
    return await _store_file(request, call, name, kind)


@router.get("", summary="List files")
async def list_files(
    request: Request, limit: int = Query(LIST_DEFAULT, ge=1, le=LIST_MOST), after: str | None = None
) -> Response:
    """Files in the order of their ids, oldest first. `next` is the `after` of the next page, null on the last
    page.
    """
    call, bucket = await _call(request, "ListObjectsV2"), _bucket(request)
    try:
        page = await call.metadata.objects.list(
            bucket, prefix="", delimiter=None, after=after, after_is_prefix=False, limit=limit
        )
    except NoSuchBucket:
        return _json({"files": [], "next": None})
    files = []
    for listed in page.objects:
        with suppress(NoSuchKey):  # deleted since the page was read
            files.append(_describe_file(listed.key, await head_object(call, Bucket=bucket, Key=listed.key)))
    return _json({"files": files, "next": page.next_after})


@router.get("/{id:path}", summary="Get a file", response_class=Response)
async def get_file(request: Request, id: str) -> Response:
    """The bytes, with type and name. Supports Range, If-Range and the conditional headers (RFC 9110)."""
    call, bucket = await _call(request, "GetObject"), _bucket(request)
    wanted = await _read_inputs(request, call, bucket, id)
    try:
        out = await get_object(call, Bucket=bucket, Key=id, **wanted)
    except S3Error as refused:
        if refused.code != "NotModified":
            raise
        return await _not_modified(call, bucket, id)
    return Streamed(206 if "ContentRange" in out else 200, _headers(out), out["Body"])


@router.head("/{id:path}", summary="Describe a file", response_class=Response)
async def head_file(request: Request, id: str) -> Response:
    call, bucket = await _call(request, "HeadObject"), _bucket(request)
    wanted = await _read_inputs(request, call, bucket, id)
    try:
        out = await head_object(call, Bucket=bucket, Key=id, **wanted)
    except S3Error as refused:
        if refused.code != "NotModified":
            raise
        return await _not_modified(call, bucket, id)
    return Streamed(206 if "ContentRange" in out else 200, _headers(out), None)


@router.delete("/{id:path}", status_code=204, summary="Delete a file", response_class=Response)
async def delete_file(request: Request, id: str) -> Response:
    call, bucket = await _call(request, "DeleteObject"), _bucket(request)
    await call.metadata.objects.get(bucket, id)
    await delete_object(call, Bucket=bucket, Key=id)
    return Response(status_code=204)


class Streamed(Response):
    """A response with a buffer or an iterator of buffers. A failure half-way closes the connection."""

    def __init__(self, status: int, headers: dict[str, str], content: Any) -> None:
        self.status_code, self.background = status, None
        self._content = content
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = scope["method"] == "HEAD"
        await send_reply(send, self.status_code, self.raw_headers, self._content, head=head)


# --- helpers ------------------------------------------------------------------------------------


async def _store_file(request: Request, call: Call, name: str, kind: str) -> Response:
    bucket = _bucket(request)
    kind = kind.strip()[:MAX_TYPE_CHARACTERS] or mimetypes.guess_type(name)[0] or DEFAULT_TYPE
    try:
        await call.metadata.buckets.get(bucket)
    except NoSuchBucket:
        with suppress(S3Error):  # BucketAlreadyOwnedByYou: another request made it meanwhile
            await create_bucket(call, Bucket=bucket)
    file_id = request.state.record.key = str(uuid.UUID(bytes=new_id()))
    out = await put_object(
        call, Bucket=bucket, Key=file_id, ContentType=kind, ContentDisposition=disposition(name)
    )
    headers = {"location": f"/api/file/{file_id}", "etag": out["ETag"]}
    return _json({"id": file_id}, 201, headers)


async def _read_inputs(request: Request, call: Call, bucket: str, key: str) -> dict[str, Any]:
    """Read Range and conditions as inputs of GetObject. Ignores dates that do not parse (RFC 9110, 13.1)."""
    headers = request.headers
    given: dict[str, Any] = {"IfMatch": headers.get("if-match"), "IfNoneMatch": headers.get("if-none-match")}
    for member, name in (
        ("IfModifiedSince", "if-modified-since"),
        ("IfUnmodifiedSince", "if-unmodified-since"),
    ):
        with suppress(ValueError):
            given[member] = read_time(headers[name]) if name in headers else None
    given["Range"] = headers.get("range")
    if given["Range"] and (seen := headers.get("if-range")):
        now = await head_object(call, Bucket=bucket, Key=key)
        if seen.strip() not in (now["ETag"], write_http_date(now["LastModified"])):
            given["Range"] = None
    return {member: value for member, value in given.items() if value is not None}


async def _not_modified(call: Call, bucket: str, key: str) -> Response:
    headers = _headers(await head_object(call, Bucket=bucket, Key=key))
    kept = ("etag", "last-modified", "cache-control", "expires")
    return Response(status_code=304, headers={name: headers[name] for name in kept if name in headers})


def _headers(out: Output) -> dict[str, str]:
    headers = {name: _sendable(out[member]) for member, name in _HEADERS.items() if member in out}
    headers["last-modified"] = write_http_date(out["LastModified"])
    headers["content-length"] = str(out["ContentLength"])
    return headers | _SHIELD


def _sendable(value: str) -> str:
    """Encode text for a header; S3 clients may have stored more than Latin-1."""
    return value if value.isascii() else value.encode().decode("latin-1")


def _describe_file(key: str, out: Output) -> dict[str, Any]:
    return {
        "id": key,
        "name": name_in(out.get("ContentDisposition", "")) or None,
        "type": out["ContentType"],
        "size": out["ContentLength"],
        "modified": write_iso_time(out["LastModified"]),
        "etag": out["ETag"],
    }


def _check_length(length: int | None, limit: int) -> None:
    if length is not None and length > limit:
        raise S3Error("EntityTooLarge", ProposedSize=str(length), MaxSizeAllowed=str(limit))


async def _call(request: Request, operation: str) -> Call:
    """Make the call of an operation on the bucket of files, which may not exist yet: the first file makes it.

    All callers of REST act as the root of the first account.
    """
    backend: Backend = request.app.state.backend
    record, bucket = request.state.record, _bucket(request)
    http = HttpRequest(request.scope, request.receive)
    context = RequestContext(
        record.request_id,
        operation,
        bucket,
        http.headers,
        dict(request.query_params),
        now_us(),
        record.client or None,
        http.secure,
        http.tls_version,
        http.url,
    )
    call = Call(backend, backend.keys.root_principal, context)
    record.bucket, record.key, record.call = bucket, request.path_params.get("id"), call
    with suppress(NoSuchBucket):
        call.bucket, call.settings = await backend.buckets.find(bucket)
    return call


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _bucket(request: Request) -> str:
    return _store(request).settings.rest.bucket


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")
