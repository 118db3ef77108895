"""The S3 endpoint: one bare ASGI callable.

HTTP becomes an operation and a dict, a dict becomes HTTP. What happens to a request, in this order: its
target is read, its signature verified, its operation found, its inputs read, its caller authorised; then, and
not before, its body is received, and the operation runs. Whatever fails on the way becomes one S3 error
document.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import partial
from typing import Any

from s3api.access.authority import Authority
from s3api.access.caller import ANONYMOUS, Caller
from s3api.blobs import DataUnavailable
from s3api.body import Body, ClientGone
from s3api.errors import S3Error
from s3api.gateway.cors import CorsAnswers
from s3api.gateway.facts import signed_context
from s3api.gateway.form_uploads import FormUploads, is_upload
from s3api.gateway.permission import Permission, check_expected_owner
from s3api.gateway.websites import Websites
from s3api.http.request import Answer, Receive, Request, Scope, Send, date, declared_length, send_reply
from s3api.iam.endpoint import IamEndpoint, is_form
from s3api.observe import CLIENT_GONE, CUT_SHORT, AccessRecord, Sink
from s3api.observe.record import HOST_ID, SERVER, new_request_id
from s3api.operations import OPERATIONS, failures
from s3api.operations.call import Backend, Call
from s3api.operations.steps.ingest import BodyDigests
from s3api.settings import Settings
from s3api.signatures import ChunkedDecoder, Verified, read_anonymous, read_claim
from s3api.signatures.public_hosts import verify_for_hosts
from s3api.wire import Operation, Reply, Wire, error_reply, parse_query, parse_target, unhoist

log = logging.getLogger("sixfold.gateway")


class Gateway:
    """The S3 endpoint over a metadata store and a blob store."""

    def __init__(
        self,
        *,
        backend: Backend,
        authority: Authority,
        settings: Settings,
        sink: Sink,
    ) -> None:
        self._backend, self._authority, self._sink = backend, authority, sink
        self._keys, self._buckets = backend.keys, backend.buckets
        self._domains, self._public_hosts = settings.domains, settings.public_hosts
        self._max_object_bytes, self._idle_s = settings.max_object_bytes, settings.body_idle_s
        self._cors = CorsAnswers(backend.buckets)
        self._iam = IamEndpoint(
            metadata=backend.metadata,
            keys=backend.keys,
            denials=authority.denials,
            body_idle_s=settings.body_idle_s,
            public_hosts=settings.public_hosts,
        )
        self._wire = Wire.load(lenient=backend.defaults.lenient)
        for name, handler in OPERATIONS.items():
            self._wire.bind(name, handler)
        self._uploads = FormUploads(backend, authority, self._wire, settings)
        self._sites = Websites(backend, authority, self._wire, self._cors, settings.website_domains)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        await self.serve(Request(scope, receive), partial(send_reply, send))

    async def serve(self, request: Request, answer: Answer) -> None:
        """Answer one request, whatever becomes of it."""
        record = AccessRecord(request.scope, new_request_id())
        try:
            try:
                reply = await self._answer(request, record)
            except ClientGone:
                raise
            except Exception as error:  # noqa: BLE001 - the one boundary: every failure becomes an S3 error
                reply = self._refusal(error, request, record)
            if "origin" in request.headers:
                settings = record.call.settings if record.call and record.call.bucket else None
                reply.headers += await self._cors.headers(request, record.bucket, settings)
            await self._send(reply, request, record, answer)
        except ClientGone:
            record.code = CLIENT_GONE  # nobody is left to answer
        except DataUnavailable as why:
            # The status line is out. The server closes the connection short of Content-Length.
            record.code = CUT_SHORT
            log.error(
                "request %s was cut short: %s",
                record.request_id,
                why,
                extra={"request_id": record.request_id, "operation": record.operation},
            )
        finally:
            record.end(request.received)
            self._sink(record)

    async def _send(self, reply: Reply, request: Request, record: AccessRecord, answer: Answer) -> None:
        headers = reply.headers
        headers += [
            (b"x-amz-request-id", record.request_id.encode()),
            (b"x-amz-id-2", HOST_ID.encode()),
            (b"date", date()),
            (b"server", SERVER),
        ]
        if request.must_close:
            headers.append((b"connection", b"close"))
        record.status = reply.status
        record.answered = time.perf_counter()
        body = reply.stream if reply.stream is not None else reply.body
        await answer(reply.status, headers, body, head=request.method == "HEAD", count=record)

    async def _answer(self, request: Request, record: AccessRecord) -> Reply:
        now_us = time.time_ns() // 1000
        if self._sites.serves(request.headers.get("host", "")):
            return await self._sites.answer(request, record, now_us)
        bucket, key = self._target(request)
        record.bucket, record.key = bucket, key
        if request.method == "OPTIONS":
            return await self._cors.preflight(request, bucket, key)
        if key is None and bucket is not None and is_upload(request):
            return await self._uploads.answer(request, record, now_us)
        if bucket is None and is_form(request):
            return await self._iam.answer(request, record, now_us)
        verified, principal = await self._authenticate(request, now_us)
        record.verified, record.access_key, record.owner = verified, verified.access_key, principal.account
        if self._public_hosts:  # one of them may have turned out to be the host
            bucket, key = record.bucket, record.key = self._target(request)
        query = parse_query(request.raw_query)
        if verified.presigned:
            unhoist(query, request.headers)
        level = 2 if key is not None else 1 if bucket is not None else 0
        operation = self._wire.route(request.method, level, query, request.headers)
        record.operation = operation.name
        handler = operation.handler
        if handler is None:
            raise S3Error("NotImplemented", f"{operation.name} is not implemented.")
        context = signed_context(request, record, verified, query, now_us)
        call = record.call = Call(self._backend, principal, context)
        if bucket is not None and not operation.rules.makes_bucket:
            call.bucket, call.settings = await self._buckets.find(bucket)
        if (
            call.bucket is None
            or operation.rules.copies
            or not self._authority.is_free(principal, call.bucket, call.settings)
        ):
            return await self._answer_guarded(request, record, operation, verified, call)
        inputs = operation.read(bucket, key, query, request.headers)
        await self._read_body(operation, request, verified, call, inputs)
        record.output = output = await handler(call, **inputs)
        return operation.render(output)

    async def _answer_guarded(
        self,
        request: Request,
        record: AccessRecord,
        operation: Operation,
        verified: Verified,
        call: Call,
    ) -> Reply:
        """As `_answer`, where who asks may not simply do everything."""
        permission = Permission(self._authority, call, record.key)
        await permission.before_body()
        inputs = operation.read(record.bucket, record.key, call.request.query, request.headers)
        await self._read_body(operation, request, verified, call, inputs)
        await permission.after_body(inputs)
        assert operation.handler is not None
        with permission.hide_missing_key():
            record.output = output = await operation.handler(call, **inputs)
        return operation.render(output)

    async def _read_body(
        self,
        operation: Operation,
        request: Request,
        verified: Verified,
        call: Call,
        inputs: dict[str, Any],
    ) -> None:
        """Refuse what no body is wanted for; then the inputs of a document, or the body for the operation."""
        if "ExpectedBucketOwner" in inputs:
            check_expected_owner(call, inputs)
        if verified.mode.streaming and not operation.has_stream_body:
            raise S3Error("InvalidRequest", "aws-chunked bodies are for PutObject and UploadPart.")
        if operation.has_xml_body:
            inputs.update(await self._read_document(operation, request, verified, inputs))
        elif operation.has_stream_body:
            call.body = self._body(request, verified, self._max_object_bytes)

    def _refusal(self, error: BaseException, request: Request, record: AccessRecord) -> Reply:
        """The answer for a failure. Not made in the frame that caught it: there, a name for the S3 error
        would make a cycle with its traceback.
        """
        if not record.operation:
            record.operation = self._operation(request)
        refusal = failures.s3_error(error, self._where(request), record.request_id)
        if self._backend.defaults.lenient:
            refusal = failures.lenient_error(refusal, record.operation)
        record.code = refusal.code
        resource = request.raw_path.decode("latin-1")
        return error_reply(refusal, resource=resource, request_id=record.request_id)

    def _operation(self, request: Request) -> str:
        """What a request that was refused before it was routed would have been, "" where that is nothing."""
        with suppress(S3Error):
            bucket, key = self._target(request)
            level = 2 if key is not None else 1 if bucket is not None else 0
            query = parse_query(request.raw_query)
            return self._wire.route(request.method, level, query, request.headers).name
        return ""

    def _target(self, request: Request) -> tuple[str | None, str | None]:
        """Bucket and key. Raises S3Error."""
        return parse_target(request.raw_path, request.headers.get("host"), self._domains)

    def _where(self, request: Request) -> failures.Where:
        """What a request that failed was about, as far as it can be told."""
        out: failures.Where = {}
        with suppress(S3Error):
            bucket, key = self._target(request)
            query = parse_query(request.raw_query)
            named = {"BucketName": bucket, "Key": key, "Method": request.method}
            named |= {"UploadId": query.get("uploadId"), "VersionId": query.get("versionId")}
            out.update({name: value for name, value in named.items() if value is not None})
        return out

    # --- who --------------------------------------------------------------------------------

    async def _authenticate(self, request: Request, now_us: int) -> tuple[Verified, Caller]:
        """Whose request this is, proved; ANONYMOUS where nobody claims it.

        Raises S3Error.
        """
        claim = read_claim(request.method, request.raw_path, request.raw_query, request.raw_headers, now_us)
        if claim is None:
            return read_anonymous(request.raw_headers), ANONYMOUS
        key = await self._keys.find(claim.access_key)
        if key is None:
            raise claim.unknown_key()
        try:
            verified = claim.verify(key.secret_key)
        except S3Error as refused:
            verified = verify_for_hosts(
                refused,
                key.secret_key,
                request,
                self._public_hosts,
                lambda headers: read_claim(
                    request.method, request.raw_path, request.raw_query, headers, now_us
                ),
            )
        principal = await self._keys.principal(key)
        if principal.anonymous:  # its user or account is gone
            raise claim.unknown_key()
        return verified, principal

    # --- bodies -------------------------------------------------------------------------------

    def _body(
        self, request: Request, verified: Verified, limit_bytes: int, *, need_length: bool = True
    ) -> Body:
        payload = verified.payload
        length = declared_length(request)
        if request.chunked and request.headers["transfer-encoding"].strip().lower() != "chunked":
            raise S3Error("NotImplemented", None, Header="Transfer-Encoding")
        if length is None and not request.chunked:
            if need_length:
                raise S3Error("MissingContentLength")
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
            idle_s=self._idle_s,
            awaited="expect" in request.headers,
        )

    async def _read_document(
        self, operation: Operation, request: Request, verified: Verified, inputs: dict[str, Any]
    ) -> dict[str, Any]:
        """The inputs in a request's XML document, which is bounded and checked against its digests first."""
        body = self._body(request, verified, operation.max_body_bytes, need_length=False)
        stated = operation.document_digests(request.headers)
        if operation.rules.needs_digest and not stated and not body.trailer_names:
            raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5")
        digests = BodyDigests(stated, body, "CRC32")
        document = await body.read_all(operation.max_body_bytes)
        digests.update(document)
        digests.check(body)
        return operation.read_body(bytes(document))
