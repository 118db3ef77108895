"""Conditional requests: If-Match and the other conditions of reads, copy sources, writes and deletes.

Pure functions. Read conditions follow RFC 9110 section 13.2.2, which AWS documents for combinations too:
If-Match true overrides If-Unmodified-Since false (200), If-None-Match false overrides If-Modified-Since true
(304). Write conditions are only translated here: the metadata transaction that writes decides them. The ETag
of a record has no quotes and is a strong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

from metadata.records import NO_CONDITIONS, NULL_VERSION, Conditions
from s3api.errors import S3Error
from s3api.operations.steps.inputs import ReadConditions

_VERSION = re.compile(r"[0-9a-f]{30}", re.ASCII)
_TAGS = re.compile(r'(W/)?"([^"]*)"|([^",\s]+)')
_NOT_IMPLEMENTED = "A header you provided implies functionality that is not implemented"


class CopySourceConditions(TypedDict, total=False):
    """x-amz-copy-source-if-*: read conditions on the source of a copy."""

    CopySourceIfMatch: str
    CopySourceIfNoneMatch: str
    CopySourceIfModifiedSince: datetime
    CopySourceIfUnmodifiedSince: datetime


def check_read(etag: str, modified_us: int, conditions: ReadConditions, *, now_us: int | None = None) -> None:
    """Check the conditions of a read.

    Raises S3Error PreconditionFailed (`Condition`: the header) or NotModified.

    With `now_us`, an If-Modified-Since in the future is ignored, as on AWS.
    """
    if not conditions:
        return
    failed = _failed_condition(etag, modified_us, conditions, now_us)
    if failed in ("If-None-Match", "If-Modified-Since"):
        raise S3Error("NotModified", ETag=f'"{etag}"')
    if failed:
        raise S3Error("PreconditionFailed", Condition=failed)


def check_copy_source(
    etag: str, modified_us: int, conditions: CopySourceConditions, *, now_us: int | None = None
) -> None:
    """Check the conditions on a copy source. Every failure is S3Error PreconditionFailed."""
    plain = {name.removeprefix("CopySource"): value for name, value in conditions.items()}
    if failed := _failed_condition(etag, modified_us, plain, now_us):
        raise S3Error("PreconditionFailed", Condition=f"x-amz-copy-source-{failed}")


def write_conditions(if_match: str | None, if_none_match: str | None, *, more: bool = False) -> Conditions:
    """Translate the conditions of PutObject, CompleteMultipartUpload or CopyObject for the metadata store.

    AWS answers NotImplemented to both headers at once, to If-None-Match with an ETag (RFC 9110: any object
    but that one) and to If-Match "*" (any object). With `more` the last two are accepted.
    """
    if if_match is None and if_none_match is None:
        return NO_CONDITIONS
    if if_match is not None and if_none_match is not None:
        _refuse("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    for header, value, fine in (
        ("If-Match", if_match, if_match != "*"),
        ("If-None-Match", if_none_match, if_none_match == "*"),
    ):
        if value is not None and not fine and not more:
            _refuse(header, f"We don't accept the provided value of {header} header for this API")
    return Conditions(if_match=unquote_etag(if_match), if_none_match=unquote_etag(if_none_match))


def delete_conditions(
    if_match: str | None, modified: datetime | None = None, size: int | None = None, *, more: bool = False
) -> Conditions:
    """Translate the conditions of a delete: an ETag, or "*" for any object.

    With `more` also the object's time and size, which AWS accepts in directory buckets only.
    """
    if if_match is None and modified is None and size is None:
        return NO_CONDITIONS
    for header, value in (("x-amz-if-match-last-modified-time", modified), ("x-amz-if-match-size", size)):
        if value is not None and not more:
            _refuse(header, "This condition is one of directory buckets alone")
    seconds = None if modified is None else int(_seconds(modified))
    return Conditions(if_match=unquote_etag(if_match), if_match_modified_s=seconds, if_match_size=size)


def check_version(version_id: str | None, *, argument: str = "versionId") -> None:
    """Raise S3Error InvalidArgument for a string that is no version id of ours, before any database query."""
    if version_id is None or version_id == NULL_VERSION or _VERSION.fullmatch(version_id):
        return
    raise S3Error(
        "InvalidArgument",
        "Invalid version id specified" if version_id else "Version id cannot be the empty string",
        ArgumentName=argument,
        ArgumentValue=version_id,
    )


def _failed_condition(
    etag: str, modified_us: int, conditions: Mapping[str, Any], now_us: int | None
) -> str | None:
    """Return the header that does not hold, in the order of RFC 9110; None if all hold."""
    if match := conditions.get("IfMatch"):
        if not _etag_matches(match, etag, weakly=False):
            return "If-Match"
    elif (since := conditions.get("IfUnmodifiedSince")) and modified_us // 1_000_000 > _seconds(since):
        return "If-Unmodified-Since"
    if none := conditions.get("IfNoneMatch"):
        if _etag_matches(none, etag, weakly=True):
            return "If-None-Match"
    elif since := conditions.get("IfModifiedSince"):
        stated = _seconds(since)
        in_future = now_us is not None and stated > now_us / 1_000_000
        if modified_us // 1_000_000 <= stated and not in_future:
            return "If-Modified-Since"
    return None


def _etag_matches(value: str, etag: str, *, weakly: bool) -> bool:
    """Whether one entity tag of a header's list is `etag`.

    Weak tags count in the weak comparison only (RFC 9110, 8.8.3.2).
    """
    value = value.strip()
    if value in ("*", f'"{etag}"'):
        return True
    return any(
        (quoted or bare) == etag and (weakly or not weak) for weak, quoted, bare in _TAGS.findall(value)
    )


def unquote_etag(value: str | None) -> str | None:
    """Strip the quotes of an If-Match or If-None-Match value; None stays None."""
    return value if value is None else value.strip().removeprefix('"').removesuffix('"')


def _seconds(when: datetime) -> float:
    """Return a time in seconds. HTTP dates have whole seconds, and so has Last-Modified."""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _refuse(header: str, why: str) -> None:
    raise S3Error("NotImplemented", _NOT_IMPLEMENTED, Header=header, additionalMessage=why)
