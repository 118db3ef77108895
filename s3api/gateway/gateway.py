"""The S3 endpoint: HTTP becomes an operation and a dict of inputs, a dict of outputs becomes HTTP.

`Gateway._answer` handles every request, step by step: read the target, hand websites, CORS preflights,
browser forms and IAM to their own endpoints, authenticate, find the operation, bind the bucket, authorize,
read the inputs, read the body, run the operation, render its output. Whatever can be refused without the body
is refused before it is read. Every failure becomes one S3 error document (`Gateway.serve`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from s3api.access.authority import Authority
from s3api.access.caller import ANONYMOUS, Caller
from s3api.blobs import DataUnavailable
from s3api.body import ClientGone
from s3api.errors import S3Error
from s3api.gateway.bodies import read_document, stream_body
from s3api.gateway.context import signed_context
from s3api.gateway.cors import CorsAnswers
from s3api.gateway.form_uploads import FormUploads, is_upload
from s3api.gateway.permission import Permission, check_expected_owner
from s3api.gateway.websites import Websites
from s3api.http.request import Answer, Receive, Request, Scope, Send, date, send_reply
from s3api.iam.endpoint import IamEndpoint, is_form
from s3api.observe import CLIENT_GONE, CUT_SHORT, AccessRecord, Sink
from s3api.observe.record import HOST_ID, SERVER, new_request_id
from s3api.operations import OPERATIONS, failures
from s3api.operations.call import Backend, Call
from s3api.settings import Settings
from s3api.signatures import VerifiedRequest, parse_anonymous_request, parse_signed_request
from s3api.signatures.public_hosts import verify_for_public_hosts
from s3api.wire import Operation, Reply, Wire, error_reply, parse_query, parse_target, unhoist

log = logging.getLogger("sixfold.gateway")


class Gateway:
    """The S3 endpoint of one backend. A reload of the settings makes a new one."""

    def __init__(self, *, backend: Backend, authority: Authority, settings: Settings, sink: Sink) -> None:
        self._backend, self._authority, self._sink = backend, authority, sink
        self._domains, self._public_hosts = settings.http.domains, settings.http.public_hosts
        self._max_object_bytes, self._idle_s = settings.http.max_object_bytes, settings.http.body_idle_s
        self._cors = CorsAnswers(backend.buckets)
        self._iam = IamEndpoint(
            metadata=backend.metadata,
            keys=backend.keys,
            denials=authority.denials,
            body_idle_s=settings.http.body_idle_s,
            public_hosts=settings.http.public_hosts,
        )
        self._wire = Wire.load(lenient=backend.defaults.lenient)
        for name, handler in OPERATIONS.items():
            self._wire.bind(name, handler)
        self._forms = FormUploads(backend, authority, self._wire, settings)
        self._websites = Websites(backend, authority, self._wire, self._cors, settings.http.website_domains)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI request."""
        await self.serve(Request(scope, receive), partial(send_reply, send))

    async def serve(self, request: Request, answer: Answer) -> None:
        """Answer one request and hand its record to the sink. Raises nothing but a cancellation."""
        record = AccessRecord(request.scope, new_request_id())
        try:
            try:
                reply = await self._answer(request, record)
            except ClientGone:
                raise
            except Exception as error:  # noqa: BLE001 - the one boundary: every failure becomes an S3 error
                reply = self._error_reply(error, request, record)
            if "origin" in request.headers:
                settings = record.call.settings if record.call and record.call.bucket else None
                reply.headers += await self._cors.headers(request, record.bucket, settings)
            await self._send(reply, request, record, answer)
        except ClientGone:
            record.code = CLIENT_GONE
        except DataUnavailable as why:
            # The status line is sent already. The server closes the connection short of Content-Length.
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

    # --- the steps of a request ---------------------------------------------------------------

    async def _answer(self, request: Request, record: AccessRecord) -> Reply:
        now_us = time.time_ns() // 1000
        if self._websites.serves(request.headers.get("host", "")):
            return await self._websites.answer(request, record, now_us)
        record.bucket, record.key = self._target(request)
        if (other := self._other_endpoint(request, record, now_us)) is not None:
            return await other
        verified, caller = await self._authenticate(request, record, now_us)
        query = parse_query(request.raw_query)
        if verified.presigned:
            unhoist(query, request.headers)
        operation = self._route(request, record, query)
        call = record.call = Call(
            self._backend, caller, signed_context(request, record, verified, query, now_us)
        )
        if record.bucket is not None and not operation.rules.makes_bucket:
            call.bucket, call.settings = await self._backend.buckets.find(record.bucket)
        permission = await self._authorize(operation, call, record.key)
        inputs = operation.read(record.bucket, record.key, query, request.headers)
        await self._read_body(operation, request, verified, call, inputs)
        if permission is None:
            record.output = output = await operation.handler(call, **inputs)  # type: ignore[misc]
        else:
            await permission.after_body(inputs)
            with permission.hide_missing_key():
                record.output = output = await operation.handler(call, **inputs)  # type: ignore[misc]
        return operation.render(output)

    def _target(self, request: Request) -> tuple[str | None, str | None]:
        """Return the bucket and the key that a request names. Raises S3Error."""
        return parse_target(request.raw_path, request.headers.get("host"), self._domains)

    def _other_endpoint(self, request: Request, record: AccessRecord, now_us: int) -> Awaitable[Reply] | None:
        """Begin the answer to a CORS preflight, a browser form or an IAM request; None for all others."""
        if request.method == "OPTIONS":
            return self._cors.preflight(request, record.bucket, record.key)
        if request.method == "POST":
            if record.bucket is None and is_form(request):
                return self._iam.answer(request, record, now_us)
            if record.bucket is not None and record.key is None and is_upload(request):
                return self._forms.answer(request, record, now_us)
        return None

    async def _authenticate(
        self, request: Request, record: AccessRecord, now_us: int
    ) -> tuple[VerifiedRequest, Caller]:
        """Verify the signature and find its caller, ANONYMOUS for a request without one. Raises S3Error."""

        def parse_with(headers: list[tuple[bytes, bytes]]) -> Any:
            return parse_signed_request(request.method, request.raw_path, request.raw_query, headers, now_us)

        signed = parse_with(request.raw_headers)
        if signed is None:
            record.verified = verified = parse_anonymous_request(request.raw_headers)
            return verified, ANONYMOUS
        key = await self._backend.keys.find(signed.access_key)
        if key is None:
            raise signed.unknown_key()
        try:
            verified = signed.verify(key.secret_key)
        except S3Error as refused:
            verified = verify_for_public_hosts(
                refused, key.secret_key, request, self._public_hosts, parse_with
            )
            record.bucket, record.key = self._target(request)  # by the host that was signed
        caller = await self._backend.keys.principal(key)
        if caller.anonymous:  # its user or account is gone
            raise signed.unknown_key()
        record.verified, record.access_key, record.owner = verified, verified.access_key, caller.account
        return verified, caller

    def _route(self, request: Request, record: AccessRecord, query: Mapping[str, str]) -> Operation:
        """Find the operation that a request asks for. Raises S3Error, NotImplemented among them."""
        operation = self._wire.route(
            request.method, _level(record.bucket, record.key), query, request.headers
        )
        record.operation = operation.name
        if operation.handler is None:
            raise S3Error("NotImplemented", f"{operation.name} is not implemented.")
        return operation

    async def _authorize(self, operation: Operation, call: Call, key: str | None) -> Permission | None:
        """Check what can be checked before the body; None for a caller who may do everything here.

        Raises S3Error AccessDenied.
        """
        if (
            call.bucket is not None
            and not operation.rules.copies
            and self._authority.has_full_access(call.principal, call.bucket, call.settings)
        ):
            return None
        permission = Permission(self._authority, call, key)
        await permission.before_body()
        return permission

    async def _read_body(
        self,
        operation: Operation,
        request: Request,
        verified: VerifiedRequest,
        call: Call,
        inputs: dict[str, Any],
    ) -> None:
        """Add the inputs in a document to `inputs`, or attach a stream to `call`, unread. Raises S3Error."""
        if "ExpectedBucketOwner" in inputs:
            check_expected_owner(call, inputs)
        if verified.mode.streaming and not operation.has_stream_body:
            raise S3Error("InvalidRequest", "aws-chunked bodies are for PutObject and UploadPart.")
        if operation.has_xml_body:
            inputs.update(await read_document(operation, request, verified, self._idle_s))
        elif operation.has_stream_body:
            call.body = stream_body(request, verified, self._max_object_bytes, self._idle_s)

    # --- answers ----------------------------------------------------------------------------------

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

    def _error_reply(self, error: BaseException, request: Request, record: AccessRecord) -> Reply:
        """Render any failure as an S3 error document.

        A function of its own: in the frame that caught `error`, a local name for the S3 error would make a
        reference cycle with its traceback.
        """
        if not record.operation:
            record.operation = self._intended_operation(request)
        refusal = failures.s3_error(error, self._error_details(request), record.request_id)
        if self._backend.defaults.lenient:
            refusal = failures.lenient_error(refusal, record.operation)
        record.code = refusal.code
        resource = request.raw_path.decode("latin-1")
        return error_reply(refusal, resource=resource, request_id=record.request_id)

    def _intended_operation(self, request: Request) -> str:
        """Name the operation of a request that was refused before it was routed, "" where there is none."""
        with suppress(S3Error):
            bucket, key = self._target(request)
            query = parse_query(request.raw_query)
            return self._wire.route(request.method, _level(bucket, key), query, request.headers).name
        return ""

    def _error_details(self, request: Request) -> failures.Where:
        """Return the elements of an error document that name what the request was about."""
        details: failures.Where = {}
        with suppress(S3Error):
            bucket, key = self._target(request)
            query = parse_query(request.raw_query)
            named = {"BucketName": bucket, "Key": key, "Method": request.method}
            named |= {"UploadId": query.get("uploadId"), "VersionId": query.get("versionId")}
            details.update({name: value for name, value in named.items() if value is not None})
        return details


def _level(bucket: str | None, key: str | None) -> int:
    """Return what a target names, as the routes count it: 0 the service, 1 a bucket, 2 an object."""
    return 2 if key is not None else 1 if bucket is not None else 0
