"""RenameObject, in any bucket (AWS: in directory buckets only).

One transaction moves the object: it never has both names or none, and no byte is copied. In a bucket with
versioning the new name gets a version that shares the bytes, and the old one a delete marker. All attributes
stay, LastModified included. A repeated request with the same client token does nothing, for a day.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any, TypedDict, Unpack

import orjson

from metadata import RenameRequest
from metadata.errors import NoSuchKey, PreconditionFailed
from metadata.ids import new_id
from metadata.records import Object
from s3api.access.copy_source import parse_rename_source
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_copy_source
from s3api.operations.steps.notifications import REMOVED, event_maker

_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")


class RenameConditions(TypedDict, total=False):
    """Conditions on the source and on the destination of a rename."""

    DestinationIfMatch: str
    DestinationIfNoneMatch: str
    DestinationIfModifiedSince: datetime
    DestinationIfUnmodifiedSince: datetime
    SourceIfMatch: str
    SourceIfNoneMatch: str
    SourceIfModifiedSince: datetime
    SourceIfUnmodifiedSince: datetime


async def rename_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    RenameSource: str,
    ClientToken: str | None = None,
    **more: Unpack[RenameConditions],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html"""
    source = parse_rename_source(RenameSource)
    if source == Key:
        raise S3Error("InvalidRequest", "The source and the destination of a rename are the same.")
    if ClientToken is not None and not _TOKEN.fullmatch(ClientToken):
        name = "x-amz-client-token"
        raise S3Error("InvalidArgument", None, ArgumentName=name, ArgumentValue=ClientToken)
    on_source, on_target = _conditions_on(more, "Source"), _conditions_on(more, "Destination")

    def check(found: Object, existing: Object | None) -> None:
        check_copy_source(found.etag, found.modified_us, on_source)  # type: ignore[arg-type]
        if existing is not None:
            check_copy_source(existing.etag, existing.modified_us, on_target)  # type: ignore[arg-type]
        elif "CopySourceIfMatch" in on_target:
            raise NoSuchKey
        elif "CopySourceIfModifiedSince" in on_target:
            raise PreconditionFailed("If-Modified-Since")

    request = RenameRequest(
        bucket=Bucket,
        source=source,
        target=Key,
        check=check,
        data_id=new_id(),
        marker_id=new_id(),
        owner=call.owner,
        token=ClientToken,
        digest=_request_digest(source, Key, more),
        added=event_maker(call, "ObjectCreated:Copy"),
        removed=event_maker(call, REMOVED),
    )
    await call.metadata.objects.rename(request)
    return {}


def _conditions_on(given: RenameConditions, whose: str) -> dict[str, Any]:
    """Return the conditions on "Source" or "Destination", under the names of copy source conditions."""
    return {
        f"CopySource{name.removeprefix(whose)}": value
        for name, value in given.items()
        if name.startswith(whose)
    }


def _request_digest(source: str, target: str, more: RenameConditions) -> str:
    """Return a digest of the whole request, which identifies its repetition."""
    text = orjson.dumps([source, target, dict(more)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()
