"""Buckets as websites: on a host name below one of `website_domains`, a bucket's objects are pages.

Websites are read-only and open to everybody whom the bucket's policy or ACL lets read; signatures are
ignored. Pages are read by GetObject as over S3, with ranges and conditions. Errors are HTML pages, or the
bucket's own error document. The rules are in `s3api.gateway.website_rules`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from s3api.access.authority import Authority
from s3api.access.caller import ANONYMOUS
from s3api.errors import S3Error
from s3api.gateway.context import request_context
from s3api.gateway.cors import CorsAnswers
from s3api.gateway.permission import Permission, check_expected_owner
from s3api.gateway.website_rules import FOUND, MOVED, Redirect, Visit, Website, directory_path, error_page
from s3api.http.request import Request
from s3api.observe import AccessRecord
from s3api.operations import failures
from s3api.operations.call import Backend
from s3api.wire import Reply, Wire, parse_target
from s3api.wire.error_codes import ERRORS

KIND = "Website"
ANSWERED_ERRORS: tuple[type[BaseException], ...] = (S3Error, *failures.TABLE)
READS = {"GET": "GetObject", "HEAD": "HeadObject"}
_control = re.compile(r"[^\x20-\x7e]").sub
# Headers that apply to the requested page, not to the error document shown instead.
_PAGE_HEADERS = frozenset({"range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})


class Websites:
    """Answers requests to website host names."""

    def __init__(
        self,
        backend: Backend,
        authority: Authority,
        wire: Wire,
        cors: CorsAnswers,
        domains: tuple[str, ...],
    ) -> None:
        self.backend, self.authority, self.wire = backend, authority, wire
        self._cors, self._domains = cors, domains
        self._endings = tuple(f".{domain}" for domain in domains)

    def serves(self, host: str) -> bool:
        """Whether a Host header names a website."""
        return host.lower().partition(":")[0].endswith(self._endings)

    async def answer(self, request: Request, record: AccessRecord, now_us: int) -> Reply:
        """Answer with the page, a redirect or an error page."""
        host = request.headers.get("host", "")
        try:
            record.bucket, key = parse_target(request.raw_path, host, self._domains)
            record.key = key
            if record.bucket is None:
                raise S3Error("NoSuchBucket", BucketName="")
            if request.method == "OPTIONS":
                return await self._cors.preflight(request, record.bucket, key)
            visit = Visit(
                key or "",
                "https" if request.secure else "http",
                host,
                request.raw_query.decode("latin-1"),
            )
            return await _PageRequest(self, request, record, visit, now_us).answer()
        except ANSWERED_ERRORS as error:
            return _error_reply(_s3_error(error, record), record, {})


class _PageRequest:
    """One request to a website."""

    def __init__(
        self, sites: Websites, request: Request, record: AccessRecord, visit: Visit, now_us: int
    ) -> None:
        self._sites, self._request, self._record = sites, request, record
        self._visit, self._now_us = visit, now_us

    async def answer(self) -> Reply:
        if self._request.method not in READS:
            raise S3Error(
                "MethodNotAllowed", Method=self._request.method, ResourceType="OBJECT", Allow="GET, HEAD"
            )
        _, settings = await self._sites.backend.buckets.find(str(self._record.bucket))
        site = settings.parse(KIND, Website)
        if site is None:
            raise S3Error("NoSuchWebsiteConfiguration", BucketName=str(self._record.bucket))
        if redirect := site.before(self._visit):
            return _redirect_reply(redirect)
        self._record.operation = READS[self._request.method]
        try:
            return await self._page(site.page(self._visit.key), self._request.headers)
        except ANSWERED_ERRORS as error:
            failed = _s3_error(error, self._record)
        return await self._failed(site, failed)

    async def _page(self, key: str, headers: Mapping[str, str]) -> Reply:
        """Read the object `key` as a page, or follow its own redirect. Raises what GetObject raises."""
        record, name = self._record, READS[self._request.method]
        context = request_context(self._request, record, name, self._now_us, headers=headers)
        call = record.call = await self._sites.backend.call_on_bucket(ANONYMOUS, context)
        permission = Permission(self._sites.authority, call, key)
        await permission.before_body()
        operation = self._sites.wire.operations[name]
        inputs = operation.read(record.bucket, key, {}, headers)
        check_expected_owner(call, inputs)
        assert operation.handler is not None
        with permission.hide_missing_key():
            output: dict[str, Any] = await operation.handler(call, **inputs)
        record.output = output
        if location := output.get("WebsiteRedirectLocation"):
            if (close := getattr(output.get("Body"), "aclose", None)) is not None:
                await close()
            return _redirect_reply(Redirect(MOVED, location))
        return operation.render(output)

    async def _failed(self, site: Website, failed: S3Error) -> Reply:
        """Answer for a page that cannot be read: a redirect, the error document or S3's error page."""
        status = ERRORS[failed.code][0]
        self._record.code = failed.code
        if status == 304:
            return _not_modified(failed)
        directory = site.directory(self._visit.key)
        if failed.code == "NoSuchKey" and directory and await self._exists(directory):
            return _redirect_reply(Redirect(FOUND, directory_path(self._visit.key)))
        if redirect := site.after(self._visit, status):
            return _redirect_reply(redirect)
        if site.error_key is None or not 400 <= status < 500:
            return _error_reply(failed, self._record, {})
        try:
            plain = {
                name: value for name, value in self._request.headers.items() if name not in _PAGE_HEADERS
            }
            page = await self._page(site.error_key, plain)
        except ANSWERED_ERRORS as error:
            missing = _details(_s3_error(error, self._record))
            return _error_reply(failed, self._record, missing)
        if page.status != MOVED:
            page.status = status
            page.headers += _error_headers(failed)
        return page

    async def _exists(self, key: str) -> bool:
        try:
            found = await self._page(key, {})
        except ANSWERED_ERRORS:
            return False
        if (close := getattr(found.stream, "aclose", None)) is not None:
            await close()
        return True


def _s3_error(error: BaseException, record: AccessRecord) -> S3Error:
    where = {"BucketName": record.bucket or "", "Key": record.key or ""}
    refused = failures.s3_error(error, where, record.request_id)
    record.code = refused.code
    return refused


def _redirect_reply(to: Redirect) -> Reply:
    """Render a redirect. Characters that no header may contain are replaced."""
    location = to.location.encode("latin-1", "replace")
    return Reply(to.status, [(b"location", location), (b"content-length", b"0")], b"")


def _not_modified(error: S3Error) -> Reply:
    names = {"ETag": b"etag", "LastModified": b"last-modified"}
    return Reply(
        304, [(names[name], value.encode()) for name, value in error.details.items() if name in names]
    )


def _details(error: S3Error) -> dict[str, str]:
    message = error.message or ERRORS[error.code][1]
    kept = {name: value for name, value in error.details.items() if name in ("Key", "BucketName")}
    return {"Code": error.code, "Message": message, **kept}


def _error_headers(error: S3Error) -> list[tuple[bytes, bytes]]:
    details = _details(error)
    said = {"x-amz-error-code": details["Code"], "x-amz-error-message": details["Message"]}
    said |= {f"x-amz-error-detail-{name}": details[name] for name in ("Key",) if name in details}
    return [(name.lower().encode(), _control("?", value).encode()) for name, value in said.items()]


def _error_reply(error: S3Error, record: AccessRecord, missing: Mapping[str, str]) -> Reply:
    status = ERRORS[error.code][0]
    record.code = error.code
    body = error_page(status, {**_details(error), "RequestId": record.request_id}, missing)
    headers = [
        *_error_headers(error),
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    if allow := error.details.get("Allow"):
        headers.append((b"allow", allow.encode()))
    return Reply(status, headers, body)
