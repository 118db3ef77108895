"""The authorization of one request: before its body is read, after a body with condition keys is read, and
when the operation finds that a key does not exist.

Everything is refused before the body that the body cannot change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from metadata.errors import IsDeleteMarker, NoSuchKey, NoSuchVersion
from s3api.access.authority import Access, Authority
from s3api.access.body_keys import body_may_decide
from s3api.access.copy_source import CopySource, parse_copy_source, parse_rename_source
from s3api.errors import S3Error
from s3api.operation_table import rules_of
from s3api.operations.call import Call
from s3api.operations.steps.conditions import check_version

_MISSING = (NoSuchKey, NoSuchVersion, IsDeleteMarker)


class Permission:
    """Authorizes one call, and sets its `access`, `source_access` and `writer`."""

    def __init__(self, authority: Authority, call: Call, key: str | None) -> None:
        self._authority, self._call, self._request, self._key = authority, call, call.request, key
        self._version = call.request.query.get("versionId")
        self._deferred = False
        self._source: CopySource | None = None
        self._source_access: Access | None = None

    async def before_body(self) -> None:
        """Authorize what does not depend on the body.

        Raises S3Error AccessDenied, NoSuchKey, NoSuchBucket (of a copy's source), InvalidRequest.
        """
        call, request = self._call, self._request
        if call.principal.anonymous and any(name.startswith("response-") for name in request.query):
            raise S3Error(
                "InvalidRequest",
                "Request specific response headers cannot be used for anonymous GET requests.",
            )
        if call.bucket is None:
            await self._check_without_bucket()
            return
        rules = rules_of(request.operation)
        access = self._authority.access_for(call.principal, request, call.bucket, call.settings)
        if not self._authority.has_full_access(call.principal, call.bucket, call.settings):
            call.access = access
            call.writer = self._authority.object_owner(call.principal, call.bucket, call.settings)
            self._deferred = access.awaits_body()
            if not self._deferred and not rules.authorizes_each_key:
                await access.check(self._key, self._version)
            if rules.renames:
                self._check_rename_source(access)
        if rules.copies:
            self._source = parse_copy_source(request.headers["x-amz-copy-source"])
            check_version(self._source.version_id)
            self._source_access = call.source_access = await access.check_source(self._source)

    def _check_rename_source(self, access: Access) -> None:
        """Check that the caller may read and delete a rename's source, which lies in the same bucket."""
        source = parse_rename_source(self._request.headers.get("x-amz-rename-source", ""))
        for action in ("s3:GetObject", "s3:DeleteObject"):
            if refusal := access.refusal_for_key(action, source):
                raise refusal

    async def after_body(self, inputs: Mapping[str, Any]) -> None:
        """Authorize what depends on condition keys in the body. Raises S3Error AccessDenied."""
        if not self._deferred:
            return
        access = self._call.access
        if access is None:
            await self._authority.check_without_bucket(self._call.principal, self._request, inputs)
        else:
            access.read_document(inputs)
            await access.check(self._key, self._version)

    @contextmanager
    def hide_missing_key(self) -> Iterator[None]:
        """Raise AccessDenied in the place of NoSuchKey for a caller who may not list the bucket (GetObject,
        API reference)."""
        try:
            yield
        except (*_MISSING, S3Error) as error:
            if _is_unrelated(error):
                raise
            # The missing key of a copy is its source, except when a condition on the target fails.
            of_source = self._source is not None and isinstance(error, S3Error)
            access = self._source_access if of_source else self._call.access
            key = self._source.key if of_source and self._source else self._key
            if access is None or key is None or access.may_list(key):
                raise
            raise access.listing_denied() from None

    async def _check_without_bucket(self) -> None:
        principal, request = self._call.principal, self._request
        self._deferred = body_may_decide(request.operation, [policy for _, policy in principal.policies])
        if not self._deferred:
            await self._authority.check_without_bucket(principal, request)


def _is_unrelated(error: Exception) -> bool:
    return isinstance(error, S3Error) and error.code not in ("NoSuchKey", "NoSuchVersion")


def check_expected_owner(call: Call, inputs: dict[str, Any]) -> None:
    """Take x-amz-expected-bucket-owner out of the inputs. Raises AccessDenied for another owner's bucket."""
    expected = inputs.pop("ExpectedBucketOwner", None)
    if expected is None or call.bucket is None:
        return
    if expected not in (call.bucket.owner, call.number(call.bucket.owner)):
        raise S3Error("AccessDenied")
