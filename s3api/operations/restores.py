"""RestoreObject.

Archive storage classes are labels here, and archived objects can be read as any other. A restore is complete
at once; it sets x-amz-restore with its expiry date, which clients wait for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from metadata.records import Object, Properties
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.notifications import event_maker

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
RESTORED = "Restore"
_SELECT_INPUTS = ("Type", "SelectParameters", "OutputLocation")


async def restore_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    RestoreRequest: dict[str, Any] | None = None,
    VersionId: str | None = None,
) -> Output:
    """Set the expiry of a restored object: 202 for a new restore, 200 to extend a current one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
    """
    check_version(VersionId)
    given = RestoreRequest or {}
    if asked := [name for name in _SELECT_INPUTS if name in given]:
        raise S3Error("NotImplemented", f"{asked[0]} of a restore is not implemented.")
    days = given.get("Days")
    if days is None:
        raise S3Error("MalformedXML")
    if days < 1:
        message = "restoration days should be at least 1"
        raise S3Error("InvalidArgument", message, ArgumentName="Days", ArgumentValue=str(days))
    header = restore_header(call.now_us, days)
    began = False

    def set_restore(found: Object) -> Object:
        nonlocal began
        if found.properties.storage_class not in ARCHIVED:
            message = "Restore is not allowed for the object's current storage class"
            raise S3Error("InvalidObjectState", message, StorageClass=found.properties.storage_class)
        began = current_restore(found.properties, call.now_us) is None
        headers = {**found.properties.headers, RESTORED: header}
        return replace(found, properties=replace(found.properties, headers=headers))

    await call.metadata.objects.alter(
        Bucket, Key, VersionId, set_restore, event_maker(call, "ObjectRestore:Completed")
    )
    return {} if began else {"Repeated": True}


def restore_header(now_us: int, days: int) -> str:
    """Return x-amz-restore for a restore of so many days, which ends at midnight UTC as on AWS."""
    day = datetime.fromtimestamp(now_us // 1_000_000, UTC).replace(hour=0, minute=0, second=0)
    expiry = format_datetime(day + timedelta(days=days + 1), usegmt=True)
    return f'ongoing-request="false", expiry-date="{expiry}"'


def current_restore(properties: Properties, now_us: int) -> str | None:
    """Return the x-amz-restore header that is valid now, None if the restore has expired."""
    text = properties.headers.get(RESTORED)
    if text is None or properties.storage_class not in ARCHIVED:
        return None
    expiry = parsedate_to_datetime(text.split('expiry-date="')[1].rstrip('"'))
    return text if expiry.timestamp() * 1_000_000 > now_us else None
