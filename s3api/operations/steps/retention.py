"""Object Lock rules: the lock of a new version, and which changes of a lock are allowed.

Pure functions. The transactions that delete check `Lock.holds`. Source: Amazon S3 User Guide, "Locking
objects with Object Lock". Messages are AWS's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any

from metadata.records import Lock
from s3api.errors import S3Error

MILLISECOND_US = 1000
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
YEAR_DAYS = 365
MOST_DAYS, MOST_YEARS = 36_500, 100
COMPLIANCE = "COMPLIANCE"
ON = "ON"

Document = Mapping[str, Any]


def check_lock_document(document: Document) -> None:
    """Check the document of PutObjectLockConfiguration.

    Raises S3Error MalformedXML, InvalidRetentionPeriod, NotImplemented.
    """
    if document.get("ObjectLockEnabled") != "Enabled":
        raise S3Error("MalformedXML")
    if (rule := document.get("Rule")) is None:
        return
    default = rule.get("DefaultRetention")
    if default is None or ("Days" in default) == ("Years" in default) or "Mode" not in default:
        raise S3Error("MalformedXML")
    if "DefaultEventHold" in default:
        raise S3Error("NotImplemented", "DefaultEventHold is not implemented.")
    for name, most in (("Days", MOST_DAYS), ("Years", MOST_YEARS)):
        if name in default and default[name] <= 0:
            raise S3Error(
                "InvalidRetentionPeriod", "Default retention period must be a positive integer value."
            )
        if name in default and default[name] > most:
            raise S3Error(
                "InvalidRetentionPeriod", f"Default retention period too large, at most {most} {name}."
            )


def lock_of_new_version(inputs: Mapping[str, Any], bucket_lock: Document | None, now_us: int) -> Lock | None:
    """Return the lock of a new version: the request's, or else the bucket's default retention.

    `inputs`: the ObjectLock* members. Raises S3Error InvalidRequest, InvalidArgument.
    """
    mode, until = inputs.get("ObjectLockMode"), inputs.get("ObjectLockRetainUntilDate")
    hold = inputs.get("ObjectLockLegalHoldStatus")
    if mode is until is hold is None:
        return default_lock(bucket_lock, now_us)
    if bucket_lock is None:
        raise missing_configuration()
    if (mode is None) != (until is None):
        raise S3Error(
            "InvalidArgument",
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ArgumentName="x-amz-object-lock-mode" if mode is None else "x-amz-object-lock-retain-until-date",
        )
    held = None if hold is None else hold == ON
    if until is None:
        default = default_lock(bucket_lock, now_us) or Lock()
        return Lock(default.mode, default.until_us, held)
    return Lock(mode, _parse_retain_until(until, now_us), held)


def default_lock(bucket_lock: Document | None, now_us: int) -> Lock | None:
    """Return the lock that a bucket's default retention gives to a version made now."""
    default = ((bucket_lock or {}).get("Rule") or {}).get("DefaultRetention")
    if default is None:
        return None
    days = default["Days"] if "Days" in default else default["Years"] * YEAR_DAYS
    return Lock(default["Mode"], -(-now_us // MILLISECOND_US) * MILLISECOND_US + days * DAY_US)


def change_retention(old: Lock | None, wanted: Document, now_us: int, *, bypass: bool) -> Lock | None:
    """Return the lock of a version after PutObjectRetention.

    `wanted`: Mode and RetainUntilDate, or neither, which ends the retention. Raises S3Error AccessDenied if
    the current retention forbids it, MalformedXML, InvalidArgument, NotImplemented.
    """
    if unknown := set(wanted) - {"Mode", "RetainUntilDate"}:
        raise S3Error("NotImplemented", f"Retention.{min(unknown)} is not implemented.")
    if len(wanted) == 1:
        raise S3Error("MalformedXML")
    mode = wanted.get("Mode")
    until_us = _parse_retain_until(wanted["RetainUntilDate"], now_us) if wanted else None
    old = old or Lock()
    if old.until_us is not None and old.until_us > now_us:
        longer = mode == old.mode and until_us is not None and until_us >= old.until_us
        if not longer and (old.mode == COMPLIANCE or not bypass):
            raise S3Error("AccessDenied", "Access Denied because object protected by object lock.")
    lock = Lock(mode, until_us, old.hold)
    return None if lock == Lock() else lock


def change_legal_hold(old: Lock | None, status: str) -> Lock:
    """Return the lock of a version after PutObjectLegalHold."""
    old = old or Lock()
    return Lock(old.mode, old.until_us, status == ON)


def lock_members(lock: Lock | None) -> dict[str, Any]:
    """Return the lock members of GetObject and HeadObject."""
    if lock is None:
        return {}
    return {
        "ObjectLockMode": lock.mode,
        "ObjectLockRetainUntilDate": None if lock.until_us is None else format_retain_until(lock.until_us),
        "ObjectLockLegalHoldStatus": None if lock.hold is None else "ON" if lock.hold else "OFF",
    }


def format_retain_until(until_us: int) -> str:
    """Format the end of a retention, in milliseconds.

    Retentions end at a whole millisecond, so this is the exact end.
    """
    when = datetime.fromtimestamp(until_us // SECOND_US, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{until_us % SECOND_US // MILLISECOND_US:03}Z"


def missing_configuration() -> S3Error:
    return S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")


def _parse_retain_until(until: datetime, now_us: int) -> int:
    """Return a RetainUntilDate in microseconds, rounded up to a whole millisecond.

    Clients see milliseconds. Raises S3Error InvalidArgument for a past date.
    """
    until_us = ceil(round(until.timestamp() * SECOND_US) / MILLISECOND_US) * MILLISECOND_US
    if until_us <= now_us:
        raise S3Error("InvalidArgument", "The retain until date must be in the future!")
    return until_us
