"""One request's permission, asked at each step of the gateway's way: before its body is received, after a
document is read that says more, and when the operation finds that a key is missing.

Everything that can be refused is refused before the body, where what the body says cannot change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from metadata.errors import IsDeleteMarker, NoSuchKey, NoSuchVersion
from s3api.access.authority import Access, Asked, Authority, Source
from s3api.errors import S3Error
from s3api.http.request import Request
from s3api.observe import AccessRecord
from s3api.operations.call import Call
from s3api.operations.steps.copy_source import parse_source
from s3api.signatures import Verified
from s3api.signatures.timestamps import stamp_seconds

COPIES = frozenset({"CopyObject", "UploadPartCopy"})
"""Operations with a source, which is asked for even where the target is free."""
# Each key is asked for by itself, once the list of them is read.
_BY_KEY = frozenset({"DeleteObjects"})
_MISSING = (NoSuchKey, NoSuchVersion, IsDeleteMarker)


class Warrant:
    """The permission of `call`, which gets its `access` and `writer` here."""

    def __init__(self, authority: Authority, call: Call, asked: Asked, key: str | None) -> None:
        self._authority, self._call, self._asked, self._key = authority, call, asked, key
        self._version = asked.query.get("versionId")
        self._deferred = False
        self._source: Source | None = None
        self._source_access: Access | None = None

    async def before_body(self) -> None:
        """Raises S3Error AccessDenied, NoSuchKey, NoSuchBucket (of a copy's source), InvalidRequest."""
        call, asked = self._call, self._asked
        if call.principal.anonymous and any(name.startswith("response-") for name in asked.query):
            raise S3Error(
                "InvalidRequest",
                "Request specific response headers cannot be used for anonymous GET requests.",
            )
        if call.bucket is None:
            await self._alone()
            return
        access = self._authority.ask(call.principal, asked, call.bucket, call.settings)
        if not self._authority.is_free(call.principal, call.bucket, call.settings):
            call.access = access
            call.writer = self._authority.writer(call.principal, call.bucket, call.settings)
            self._deferred = access.awaits_document(asked.operation)
            if not self._deferred and asked.operation not in _BY_KEY:
                await access.check(self._key, self._version)
            if asked.operation == "RenameObject":
                self._check_renamed(access)
        if asked.operation in COPIES:
            found = parse_source(asked.headers["x-amz-copy-source"], {}, None)
            self._source = Source(found.bucket, found.key, found.version_id)
            self._source_access = call.source_access = await access.check_source(self._source)

    def _check_renamed(self, access: Access) -> None:
        """A rename reads and deletes its source, which lies in the same bucket."""
        named = unquote(self._asked.headers.get("x-amz-rename-source", "")).partition("?versionId=")[0]
        own = f"{self._asked.bucket}/"
        for source in {named.removeprefix("/"), named.removeprefix("/").removeprefix(own)}:
            for action in ("s3:GetObject", "s3:DeleteObject"):
                if refusal := access.refusal_of(action, source):
                    raise refusal

    async def after_body(self, inputs: Mapping[str, Any]) -> None:
        """Raises S3Error AccessDenied."""
        if not self._deferred:
            return
        access = self._call.access
        if access is None:
            await self._authority.check_alone(self._call.principal, self._asked, self._asked.bucket, inputs)
        else:
            access.read_document(inputs)
            await access.check(self._key, self._version)

    @contextmanager
    def discretion(self) -> Iterator[None]:
        """Say AccessDenied instead of "no such key" to who may not list the bucket (GetObject, API
        reference)."""
        try:
            yield
        except (*_MISSING, S3Error) as error:
            if _is_other(error):
                raise
            # What a copy misses, but for a condition on its target, is its source.
            of_source = self._source is not None and isinstance(error, S3Error)
            access = self._source_access if of_source else self._call.access
            key = self._source.key if of_source and self._source else self._key
            if access is None or key is None or access.may_list(key):
                raise
            raise access.hidden() from None

    async def _alone(self) -> None:
        principal, asked = self._call.principal, self._asked
        names_region = any("s3:locationconstraint" in policy.keys for _, policy in principal.policies)
        self._deferred = asked.operation == "CreateBucket" and names_region
        if not self._deferred:
            await self._authority.check_alone(principal, asked, asked.bucket)


def _is_other(error: Exception) -> bool:
    return isinstance(error, S3Error) and error.code not in ("NoSuchKey", "NoSuchVersion")


def asked_of(
    request: Request, record: AccessRecord, verified: Verified, query: Mapping[str, str], now_us: int
) -> Asked:
    """What policies may ask of a request."""
    signed_us = None
    if verified.access_key is not None:
        stamp = query.get("X-Amz-Date") if verified.presigned else request.headers.get("x-amz-date")
        seconds = stamp_seconds(stamp.strip().encode()) if stamp else None
        signed_us = seconds * 1_000_000 if seconds is not None else None
    kind = "REST-QUERY-STRING" if verified.presigned else "REST-HEADER"
    return Asked(
        request_id=record.request_id,
        operation=record.operation,
        bucket=record.bucket,
        headers=request.headers,
        query=query,
        now_us=now_us,
        source_ip=record.client or None,
        secure=request.secure,
        tls=request.tls,
        auth_type=kind if verified.access_key is not None else None,
        signed_us=signed_us,
    )
