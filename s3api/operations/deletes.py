"""DeleteObject and DeleteObjects.

The blobs of what is deleted become garbage in the same transaction; their chunks are removed later.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from metadata.errors import MetadataError, NoSuchKey
from metadata.records import Deleted, DeleteRequest
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.failures import s3_error
from s3api.operations.steps.conditions import check_version, delete_conditions
from s3api.operations.steps.notifications import REMOVED, event_maker
from s3api.wire.error_codes import ERRORS
from s3api.wire.request_target import MAX_KEY_BYTES

if TYPE_CHECKING:
    from s3api.access.authority import Access

MAX_DELETES = 1000
Refusal = tuple[str, str] | None
"""Code and message of an entry of Errors; None: not refused."""


async def delete_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    IfMatch: str | None = None,
    IfMatchLastModifiedTime: datetime | None = None,
    IfMatchSize: int | None = None,
    BypassGovernanceRetention: bool | None = None,
) -> Output:
    """Delete a key, or one version of it for good. A missing key is a success.

    Except with If-Match: NoSuchKey, unless the settings are lenient.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
    """
    check_version(VersionId)
    try:
        done = await call.metadata.objects.delete(
            Bucket,
            Key,
            delete_conditions(IfMatch, IfMatchLastModifiedTime, IfMatchSize, more=call.defaults.lenient),
            version_id=VersionId,
            bypass=bool(BypassGovernanceRetention),
            owner=call.owner,
            emit=event_maker(call, REMOVED),
        )
    except NoSuchKey:
        if call.defaults.lenient:
            return {}
        raise
    return {} if done.version_id is None else _delete_output(done)


async def delete_objects(
    call: Call, *, Bucket: str, Delete: dict[str, Any], BypassGovernanceRetention: bool | None = None
) -> Output:
    """Delete up to 1,000 keys in one transaction. Each entry succeeds or fails on its own.

    Quiet leaves the successes out of the answer.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    entries = Delete.get("Objects") or []
    if not 1 <= len(entries) <= MAX_DELETES:
        raise S3Error("MalformedXML")
    bypass, lenient = bool(BypassGovernanceRetention), call.defaults.lenient
    refusals = [_check_entry(entry, lenient) for entry in entries]
    if call.access is not None:
        _check_permissions(call.access, entries, refusals, bypass)
    allowed = [entry for entry, refusal in zip(entries, refusals, strict=True) if refusal is None]
    results = iter(
        await call.metadata.objects.delete_many(
            Bucket,
            [_delete_request(entry, bypass) for entry in allowed],
            owner=call.owner,
            emit=event_maker(call, REMOVED),
        )
    )
    deleted: list[Output] = []
    for at, entry in enumerate(entries):
        if refusals[at] is not None:
            continue
        result = next(results)
        if isinstance(result, MetadataError):
            refusals[at] = _code_and_message(call, result)
        elif not Delete.get("Quiet"):
            deleted.append(_deleted_output(entry, result))
    return {
        "Deleted": deleted,
        "Errors": [
            {**_key_and_version(entry), "Code": refusal[0], "Message": refusal[1]}
            for entry, refusal in zip(entries, refusals, strict=True)
            if refusal is not None
        ],
    }


def _code_and_message(call: Call, error: MetadataError) -> tuple[str, str]:
    refusal = s3_error(error, {}, call.request.request_id)
    return refusal.code, refusal.message or ERRORS[refusal.code][1]


def _check_entry(entry: dict[str, Any], lenient: bool) -> Refusal:
    """Return why an entry cannot be tried at all. Raises S3Error MalformedXML for one without a key."""
    key = entry.get("Key")
    if key is None:
        raise S3Error("MalformedXML")
    if not key:
        return "UserKeyMustBeSpecified", "The bucket POST must contain the specified field name."
    if len(key.encode()) > MAX_KEY_BYTES:
        return "KeyTooLongError", "Your key is too long"
    try:
        check_version(entry.get("VersionId") or None)
    except S3Error:
        return "NoSuchVersion", "The specified version does not exist."
    for name in ("LastModifiedTime", "Size"):
        if entry.get(name) is not None and not lenient:
            return "NotImplemented", f"{name} is a condition of directory buckets alone."
    return None


def _check_permissions(
    access: Access, entries: list[dict[str, Any]], refusals: list[Refusal], bypass: bool
) -> None:
    """Put a refusal into `refusals` for each entry that the caller may not delete.

    Only the first is noted for `sixfold explain`.
    """
    noted = False
    for at, entry in enumerate(entries):
        version_id = entry.get("VersionId") or None
        actions = ["s3:DeleteObjectVersion" if version_id else "s3:DeleteObject"]
        if bypass:
            actions.append("s3:BypassGovernanceRetention")
        for action in actions if refusals[at] is None else ():
            if refusal := access.refusal_for_key(action, entry["Key"], version_id, note=not noted):
                refusals[at], noted = (refusal.code, refusal.message or "Access Denied"), True
                break


def _delete_request(entry: dict[str, Any], bypass: bool) -> DeleteRequest:
    conditions = delete_conditions(
        entry.get("ETag"), entry.get("LastModifiedTime"), entry.get("Size"), more=True
    )
    return DeleteRequest(entry["Key"], conditions, entry.get("VersionId") or None, bypass)


def _delete_output(done: Deleted) -> Output:
    return {"VersionId": done.version_id, "DeleteMarker": done.marker or None}


def _key_and_version(entry: dict[str, Any]) -> Output:
    return {"Key": entry["Key"], "VersionId": entry.get("VersionId") or None}


def _deleted_output(entry: dict[str, Any], done: Deleted) -> Output:
    """Make an entry of Deleted, with the id of the delete marker that was made or deleted."""
    out = _key_and_version(entry)
    if done.marker:
        out |= {"DeleteMarker": True, "DeleteMarkerVersionId": done.version_id}
    return out
