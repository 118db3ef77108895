"""Object Lock: the bucket's configuration, retention and legal hold of a version.

The transaction that deletes a version checks its lock. A bucket with a lock configuration keeps versioning
enabled, so no write replaces a locked version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from metadata.records import ENABLED, Emit, Lock, Object
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.configurations import to_json
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.notifications import event_maker
from s3api.operations.steps.retention import (
    change_legal_hold,
    change_retention,
    check_lock_document,
    format_retain_until,
    missing_configuration,
)
from s3api.operations.steps.tags_and_lock import LOCK


async def get_object_lock_configuration(call: Call, *, Bucket: str) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html"""
    document = call.settings.get(LOCK)
    if document is None:
        raise S3Error("ObjectLockConfigurationNotFoundError", BucketName=Bucket)
    return {"ObjectLockConfiguration": document}


async def put_object_lock_configuration(
    call: Call, *, Bucket: str, ObjectLockConfiguration: dict[str, Any]
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html"""
    check_lock_document(ObjectLockConfiguration)
    if call.bucket is None or call.bucket.versioning != ENABLED:
        raise S3Error(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        )
    await call.metadata.buckets.put_config(
        Bucket, LOCK, to_json(ObjectLockConfiguration), at_revision=call.bucket.revision
    )
    return {}


async def get_object_retention(call: Call, *, Bucket: str, Key: str, VersionId: str | None = None) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html"""
    lock = await _get_lock(call, Bucket, Key, VersionId)
    if lock is None or lock.mode is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    return {"Retention": {"Mode": lock.mode, "RetainUntilDate": format_retain_until(lock.until_us or 0)}}


async def put_object_retention(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Retention: dict[str, Any] | None = None,
    VersionId: str | None = None,
    BypassGovernanceRetention: bool | None = None,
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html"""
    bypass = bool(BypassGovernanceRetention)
    await _change_lock(
        call,
        (Bucket, Key, VersionId),
        lambda lock: change_retention(lock, Retention or {}, call.now_us, bypass=bypass),
        event_maker(call, "ObjectRetention:Put"),
    )
    return {}


async def get_object_legal_hold(call: Call, *, Bucket: str, Key: str, VersionId: str | None = None) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html"""
    lock = await _get_lock(call, Bucket, Key, VersionId)
    if lock is None or lock.hold is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    return {"LegalHold": {"Status": "ON" if lock.hold else "OFF"}}


async def put_object_legal_hold(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    LegalHold: dict[str, Any] | None = None,
    VersionId: str | None = None,
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html"""
    status = (LegalHold or {}).get("Status")
    if status is None:
        raise S3Error("MalformedXML")
    await _change_lock(call, (Bucket, Key, VersionId), lambda lock: change_legal_hold(lock, status))
    return {}


async def _get_lock(call: Call, bucket: str, key: str, version_id: str | None) -> Lock | None:
    _check_configured(call)
    check_version(version_id)
    found = await call.metadata.objects.get(bucket, key, version_id)
    return found.extras.lock


async def _change_lock(
    call: Call,
    where: tuple[str, str, str | None],
    change: Callable[[Lock | None], Lock | None],
    emit: Emit | None = None,
) -> None:
    """Set a version's lock to `change(current lock)`, in one transaction."""
    _check_configured(call)
    check_version(where[2])

    def set_lock(found: Object) -> Object:
        return replace(found, extras=replace(found.extras, lock=change(found.extras.lock)))

    await call.metadata.objects.alter(*where, set_lock, emit)


def _check_configured(call: Call) -> None:
    """Raise S3Error InvalidRequest if the bucket has no Object Lock configuration."""
    if call.settings.get(LOCK) is None:
        raise missing_configuration()
