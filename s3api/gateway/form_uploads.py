"""PostObject: a browser's form runs as a PutObject.

In this order: find the bucket; read the fields before the file, at most 20 KB; verify the form's signature
and check its policy, unless the form is anonymous; authorize its sender; then read the file as a stream.
Nothing is stored of a file that is larger or smaller than the policy allows.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from chunkd import Buffer
from s3api.access.authority import Authority
from s3api.access.caller import ANONYMOUS, Caller
from s3api.access.request_context import RequestContext
from s3api.body import Body, Source
from s3api.errors import S3Error
from s3api.gateway.context import request_context
from s3api.gateway.form_fields import Posted, insert_file_name, post_response, read_form, redirect_location
from s3api.gateway.form_policy import PostPolicy, read_policy
from s3api.gateway.permission import Permission, check_expected_owner
from s3api.http.form import FormFile, boundary_of
from s3api.http.request import Request, declared_length
from s3api.observe import AccessRecord
from s3api.operations.call import Backend, Output
from s3api.operations.steps.tag_sets import object_tags
from s3api.settings import Settings
from s3api.signatures import parse_form_signature
from s3api.wire import Reply, Wire

NAME = "PostObject"
FIELD_BYTES = 20 << 10
# Room for the rest of the form: boundaries, part headers, fields behind the file.
OVERHEAD_BYTES = 1 << 20
SEE_OTHER, CREATED = 303, 201


class FormUploads:
    """Answers browser uploads: forms that are sent to a bucket."""

    def __init__(self, backend: Backend, authority: Authority, wire: Wire, settings: Settings) -> None:
        self._backend, self._authority, self._wire = backend, authority, wire
        self._keys = backend.keys
        self._max_object_bytes, self._idle_s = settings.http.max_object_bytes, settings.http.body_idle_s

    async def answer(self, request: Request, record: AccessRecord, now_us: int) -> Reply:
        """Store the file of a form. Raises S3Error, ClientGone."""
        record.operation = NAME
        boundary = boundary_of(request.headers["content-type"])
        limit = self._max_object_bytes + OVERHEAD_BYTES
        whole = Body(request.pieces, declared_length(request), limit_bytes=limit, idle_s=self._idle_s)
        if whole.length is not None and whole.length > limit:
            raise S3Error(
                "EntityTooLarge", ProposedSize=str(whole.length), MaxSizeAllowed=str(self._max_object_bytes)
            )
        await self._backend.buckets.find(str(record.bucket))  # before a byte of the body is read
        form = await FormFile.open(whole.pieces, boundary, most_field_bytes=FIELD_BYTES, keep_fields=True)
        fields = insert_file_name(form.fields, form.name)
        principal = await self._principal(fields, record)
        policy = _policy(fields, str(record.bucket), now_us)
        posted = read_form(fields)
        record.key = posted.key
        headers = self._headers(posted)
        context = _context(request, record, headers, fields, now_us)
        call = record.call = await self._backend.call_on_bucket(principal, context)
        put = self._wire.operations["PutObject"]
        assert put.handler is not None
        await Permission(self._authority, call, posted.key).before_body()
        inputs = put.read(record.bucket, posted.key, {}, headers)
        check_expected_owner(call, inputs)
        most = min(self._max_object_bytes, policy.most) if policy else self._max_object_bytes
        source = _at_least(form.pieces, policy.least) if policy else form.pieces
        call.body = Body(source, None, limit_bytes=most, idle_s=None)
        record.output = output = await put.handler(call, **inputs)
        return _reply(request, record, posted, output, put.render(output))

    async def _principal(self, fields: Mapping[str, str], record: AccessRecord) -> Caller:
        """Verify the form's signature and find its caller, ANONYMOUS without one. Raises S3Error."""
        signature = parse_form_signature(fields)
        if signature is None:
            return ANONYMOUS
        key = await self._keys.find(signature.access_key)
        if key is None:
            raise signature.unknown_key()
        signature.verify(key.secret_key)
        principal = await self._keys.principal(key)
        if principal.anonymous:  # its user or account is gone
            raise signature.unknown_key()
        record.access_key, record.owner = signature.access_key, principal.account
        return principal

    def _headers(self, posted: Posted) -> dict[str, str]:
        """Return the headers of a PutObject. The tags of a form are an XML document, not a header."""
        if not posted.tagging:
            return posted.headers
        document = self._wire.operations["PutObjectTagging"].read_body(posted.tagging.encode())
        return {**posted.headers, "x-amz-tagging": urlencode(object_tags(document["Tagging"]))}


def is_upload(request: Request) -> bool:
    """Whether a request to a bucket is a browser upload: a form, without a sub-resource."""
    return (
        request.method == "POST"
        and not request.raw_query
        and request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    )


def _policy(fields: Mapping[str, str], bucket: str, now_us: int) -> PostPolicy | None:
    """Check the form against its policy and return that, None for an anonymous form. Raises S3Error."""
    if "policy" not in fields:
        return None
    policy = read_policy(fields["policy"])
    policy.check(fields, bucket, now_us / 1_000_000)
    return policy


def _at_least(source: Source, least: int) -> Source:
    """Wrap a source so that it raises EntityTooSmall at its end after fewer than `least` bytes."""
    received = 0

    async def pieces() -> Sequence[Buffer]:
        nonlocal received
        found = await source()
        received += sum(len(piece) for piece in found)
        if not found and received < least:
            raise S3Error("EntityTooSmall", ProposedSize=str(received), MinSizeAllowed=str(least))
        return found

    return pieces


def _context(
    request: Request,
    record: AccessRecord,
    headers: Mapping[str, str],
    fields: Mapping[str, str],
    now_us: int,
) -> RequestContext:
    """Make the context of a form, whose fields stand for the headers of a PutObject."""
    own = {name: value for name, value in request.headers.items() if not name.startswith("x-amz-")}
    return request_context(
        request,
        record,
        NAME,
        now_us,
        headers={**own, **headers},
        auth_type="POST" if record.access_key else None,
        signed_at=fields.get("x-amz-date"),
    )


def _reply(request: Request, record: AccessRecord, posted: Posted, output: Output, stored: Reply) -> Reply:
    """Render the answer that the form asked for, with the headers of the stored object."""
    bucket, etag = str(record.bucket), str(output["ETag"])
    # The URL of the request names the bucket, in its path or in its host.
    location = f"{request.url.rstrip('/')}/{quote(posted.key)}"
    headers = [one for one in stored.headers if one[0] not in (b"content-length", b"content-type")]
    if posted.redirect:
        to = redirect_location(posted.redirect, bucket, posted.key, etag)
        headers += [(b"location", to.encode()), (b"content-length", b"0")]
        return Reply(SEE_OTHER, headers, b"")
    headers.append((b"location", location.encode()))
    if posted.status == CREATED:
        body = post_response(location, bucket, posted.key, etag)
        headers += [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
        return Reply(CREATED, headers, body)
    if posted.status == 200:
        headers.append((b"content-length", b"0"))
        return Reply(200, headers, b"")
    return Reply(posted.status, headers)
