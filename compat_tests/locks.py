"""Object lock: retention settings, and removal of legal holds after a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from compat_tests.support import S3

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
DENIED = ("AccessDenied", 403)


def soon(days: int) -> datetime:
    """Now plus `days`, in whole seconds."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


def retention(days: int, mode: str = GOVERNANCE) -> dict[str, Any]:
    return {"Mode": mode, "RetainUntilDate": soon(days)}


def default(**period: Any) -> dict[str, Any]:
    return {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": GOVERNANCE, **period}},
    }


def put(s3: S3, bucket: str, key: str = "k", **more: Any) -> str:
    """Put an object and return its version id."""
    version: str = s3.put_object(Bucket=bucket, Key=key, Body=b"x", **more)["VersionId"]
    return version


def lift_holds(s3: S3, bucket: str) -> None:
    """Remove all legal holds, so that versions can be deleted with BypassGovernanceRetention.

    No test sets COMPLIANCE retention, which cannot be removed.
    """
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in page.get("Versions", []):
            which = {"Bucket": bucket, "Key": entry["Key"], "VersionId": entry["VersionId"]}
            s3.put_object_legal_hold(**which, LegalHold={"Status": "OFF"})
