"""DeleteObject and DeleteObjects. What is deleted becomes garbage in the same transaction; its chunks go
later.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from metadata.errors import MetadataError, NoSuchKey, ObjectLocked, PreconditionFailed
from metadata.records import Deleted, Doomed
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version, delete_conditions
from s3api.operations.steps.notifications import REMOVED, event_maker

if TYPE_CHECKING:
    from s3api.access.authority import Access

MAX_DELETES = 1000
MAX_KEY_BYTES = 1024
# Codes and messages of the entries of Errors; the conditions of a whole request are mapped elsewhere.
_ERRORS: dict[type[MetadataError], tuple[str, str]] = {
    PreconditionFailed: (
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
    ),
    NoSuchKey: ("NoSuchKey", "The specified key does not exist."),
    ObjectLocked: ("AccessDenied", "Access Denied because object protected by object lock."),
}
Refusal = tuple[str, str] | None
_UNFORESEEN = ("InternalError", "We encountered an internal error. Please try again.")


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
    """A key that is not there is deleted well enough, unless If-Match asks for it and nobody is lenient."""
    check_version(VersionId)
    try:
        done = await call.metadata.delete_object(
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
    return {} if done.version_id is None else _shown(done)


async def delete_objects(
    call: Call, *, Bucket: str, Delete: dict[str, Any], BypassGovernanceRetention: bool | None = None
) -> Output:
    """Up to 1,000 keys in one transaction, each with its own verdict; Quiet leaves only the failures."""
    wanted = Delete.get("Objects") or []
    if not 1 <= len(wanted) <= MAX_DELETES:
        raise S3Error("MalformedXML")
    bypass = bool(BypassGovernanceRetention)
    more = call.defaults.lenient
    errors = [_refusal(item, more) for item in wanted]
    if call.access is not None:
        _deny(call.access, wanted, errors, bypass)
    todo = [_doomed(item, bypass) for item, error in zip(wanted, errors, strict=True) if error is None]
    emit = event_maker(call, REMOVED)
    results = iter(await call.metadata.delete_objects(Bucket, todo, owner=call.owner, emit=emit))
    deleted: list[Output] = []
    for at, item in enumerate(wanted):
        if errors[at] is not None:
            continue
        result = next(results)
        if isinstance(result, MetadataError):
            errors[at] = _ERRORS.get(type(result), _UNFORESEEN)
        elif not Delete.get("Quiet"):
            deleted.append(_deleted(item, result))
    return {
        "Deleted": deleted,
        "Errors": [
            {**_named(item), "Code": error[0], "Message": error[1]}
            for item, error in zip(wanted, errors, strict=True)
            if error is not None
        ],
    }


def _refusal(item: dict[str, Any], more: bool) -> Refusal:
    """Code and message for an entry that cannot even be tried. MalformedXML, for the whole, without a key."""
    key = item.get("Key")
    if key is None:
        raise S3Error("MalformedXML")
    if not key:
        return "UserKeyMustBeSpecified", "The bucket POST must contain the specified field name."
    if len(key.encode()) > MAX_KEY_BYTES:
        return "KeyTooLongError", "Your key is too long"
    try:
        check_version(item.get("VersionId") or None)
    except S3Error:
        return "NoSuchVersion", "The specified version does not exist."
    for name in ("LastModifiedTime", "Size"):
        if item.get(name) is not None and not more:
            return "NotImplemented", f"{name} is a condition of directory buckets alone."
    return None


def _deny(access: Access, wanted: list[dict[str, Any]], errors: list[Refusal], bypass: bool) -> None:
    """Put into `errors` the refusal of each entry that the caller may not delete; the first is noted."""
    noted = False
    for at, item in enumerate(wanted):
        version_id = item.get("VersionId") or None
        actions = ["s3:DeleteObjectVersion" if version_id else "s3:DeleteObject"]
        if bypass:
            actions.append("s3:BypassGovernanceRetention")
        for action in actions if errors[at] is None else ():
            if refusal := access.refusal_of(action, item["Key"], version_id, note=not noted):
                errors[at], noted = (refusal.code, refusal.message or "Access Denied"), True
                break


def _doomed(item: dict[str, Any], bypass: bool) -> Doomed:
    conditions = delete_conditions(
        item.get("ETag"), item.get("LastModifiedTime"), item.get("Size"), more=True
    )
    return Doomed(item["Key"], conditions, item.get("VersionId") or None, bypass)


def _shown(done: Deleted) -> Output:
    return {"VersionId": done.version_id, "DeleteMarker": done.marker or None}


def _named(item: dict[str, Any]) -> Output:
    return {"Key": item["Key"], "VersionId": item.get("VersionId") or None}


def _deleted(item: dict[str, Any], done: Deleted) -> Output:
    """The version that was named; of a delete marker, made or destroyed, its own id."""
    out = _named(item)
    if done.marker:
        out |= {"DeleteMarker": True, "DeleteMarkerVersionId": done.version_id}
    return out
