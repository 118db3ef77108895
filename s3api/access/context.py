"""Values of the condition keys of a request, looked up only if a policy uses them.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html (s3:...),
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from s3api.access.copy_source import parse_copy_source
from s3api.access.principal import Principal
from s3api.access.request_context import RequestContext
from s3api.errors import S3Error
from s3api.operation_table import rules_of


@dataclass(slots=True)
class ConditionContext:
    """The request, caller and bucket that condition keys take their values from.

    `document`: the condition keys in the request's body, if that has been read. `overrides`: values that
    replace those of the request.
    """

    principal: Principal
    request: RequestContext
    region: str = ""
    bucket_owner_number: str | None = None
    existing_tags: Mapping[str, str] | None = None
    document: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overrides: dict[str, Sequence[str] | None] = field(default_factory=dict)

    def get(self, key: str) -> Sequence[str] | None:
        """Return the values of a condition key, or None. `key`: in lower case, except for a tag's name."""
        if key in self.overrides:
            return self.overrides[key]
        if key in self.document:
            return self.document[key]
        if read := _KEYS.get(key):
            value = read(self)
            return None if value is None else (value,)
        if key.startswith("s3:x-amz-"):
            value = self.request.headers.get(key[3:])
            return None if value is None else (value,)
        if key.startswith("s3:existingobjecttag/"):
            return _tag(self.existing_tags, key)
        if key.startswith("s3:requestobjecttag/"):
            return _tag(self._request_tags(), key)
        if key == "s3:requestobjecttagkeys":
            return tuple(self._request_tags()) or None
        return None

    def _request_tags(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.request.headers.get("x-amz-tagging", ""), keep_blank_values=True))


def _tag(tags: Mapping[str, str] | None, key: str) -> Sequence[str] | None:
    name = key.partition("/")[2]
    return (tags[name],) if tags is not None and name in tags else None


def _header(name: str) -> Callable[[ConditionContext], str | None]:
    return lambda context: context.request.headers.get(name)


def _query(name: str) -> Callable[[ConditionContext], str | None]:
    return lambda context: context.request.query.get(name)


def _copy_source(context: ConditionContext) -> str | None:
    """Return the source of the copy as "bucket/key", decoded, as in AWS's examples.

    The operation uses the same parser. A header that the operation will refuse has no value.
    """
    header = context.request.headers.get("x-amz-copy-source")
    if header is None:
        return None
    try:
        source = parse_copy_source(header)
    except S3Error:
        return None
    return f"{source.bucket}/{source.key}"


def _signature_age(context: ConditionContext) -> str | None:
    """Return the milliseconds since the request was signed."""
    request = context.request
    if request.signed_at is None:
        return None
    try:
        signed = datetime.strptime(request.signed_at.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return str(max(0, request.now_us - int(signed.timestamp()) * 1_000_000) // 1000)


def _content_sha256(context: ConditionContext) -> str | None:
    request = context.request
    stated = request.headers.get("x-amz-content-sha256") or request.query.get("X-Amz-Content-Sha256")
    return stated or ("UNSIGNED-PAYLOAD" if request.auth_type == "REST-QUERY-STRING" else None)


def _time(context: ConditionContext) -> str:
    return datetime.fromtimestamp(context.request.now_us // 1_000_000, UTC).isoformat()


def _days_locked(context: ConditionContext) -> str | None:
    """Return the whole days until the end of the retention that the request sets."""
    try:
        until = datetime.fromisoformat(context.request.headers["x-amz-object-lock-retain-until-date"].strip())
        return str(int((until.timestamp() - context.request.now_us / 1e6) // 86400))
    except (KeyError, ValueError, OverflowError):
        return None


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_KEYS: dict[str, Callable[[ConditionContext], str | None]] = {
    "aws:currenttime": _time,
    "aws:epochtime": lambda context: str(context.request.now_us // 1_000_000),
    "aws:principalaccount": lambda context: context.principal.number or None,
    "aws:principalarn": lambda context: context.principal.arn,
    "aws:principalisawsservice": lambda context: _boolean(context.principal.service is not None),
    "aws:principalservicename": lambda context: context.principal.service,
    "aws:principaltype": lambda context: context.principal.type,
    "aws:referer": _header("referer"),
    "aws:requestedregion": lambda context: context.region or None,
    "aws:resourceaccount": lambda context: context.bucket_owner_number,
    "aws:securetransport": lambda context: _boolean(context.request.secure),
    "aws:sourceip": lambda context: context.request.source_ip,
    "aws:useragent": _header("user-agent"),
    "aws:userid": lambda context: context.principal.id,
    "aws:username": lambda context: context.principal.user,
    "aws:viaawsservice": lambda context: "false",
    "s3:authtype": lambda context: context.request.auth_type,
    "s3:delimiter": _query("delimiter"),
    "s3:if-match": _header("if-match"),
    "s3:if-none-match": _header("if-none-match"),
    "s3:max-keys": _query("max-keys"),
    "s3:object-lock-legal-hold": _header("x-amz-object-lock-legal-hold"),
    "s3:object-lock-mode": _header("x-amz-object-lock-mode"),
    "s3:object-lock-remaining-retention-days": _days_locked,
    "s3:object-lock-retain-until-date": _header("x-amz-object-lock-retain-until-date"),
    "s3:objectcreationoperation": lambda context: rules_of(context.request.operation).object_creation,
    "s3:prefix": _query("prefix"),
    "s3:resourceaccount": lambda context: context.bucket_owner_number,
    "s3:signatureage": _signature_age,
    "s3:signatureversion": lambda context: "AWS4-HMAC-SHA256" if context.request.auth_type else None,
    "s3:tlsversion": lambda context: context.request.tls,
    "s3:versionid": _query("versionId"),
    "s3:x-amz-content-sha256": _content_sha256,
    "s3:x-amz-copy-source": _copy_source,
}
