"""Condition keys whose values are in a request's body: tags, retention, legal hold, location constraint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from s3api.access.policy import Policy
from s3api.access.request_context import RequestContext
from s3api.operation_table import rules_of


def body_may_decide(operation: str, policies: Iterable[Policy]) -> bool:
    """Whether one of the policies uses condition keys whose values are in the operation's body."""
    keys = rules_of(operation).body_condition_keys
    return bool(keys) and any(key.startswith(keys) for policy in policies for key in policy.keys)


def body_condition_keys(request: RequestContext, document: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the condition keys in a parsed body (`document`) and their values."""
    if request.operation == "PutObjectTagging":
        tags = (document.get("Tagging") or {}).get("TagSet") or []
        out: dict[str, Sequence[str]] = {f"s3:requestobjecttag/{tag['Key']}": (tag["Value"],) for tag in tags}
        return out | ({"s3:requestobjecttagkeys": tuple(tag["Key"] for tag in tags)} if tags else {})
    if request.operation == "CreateBucket":
        region = (document.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
        return {"s3:locationconstraint": (region,)} if region else {}
    if request.operation == "PutObjectLegalHold":
        hold = (document.get("LegalHold") or {}).get("Status")
        return {"s3:object-lock-legal-hold": (hold,)} if hold else {}
    return _retention_keys(document.get("Retention") or {}, request.now_us)


def _retention_keys(retention: Mapping[str, Any], now_us: int) -> dict[str, Sequence[str]]:
    out: dict[str, Sequence[str]] = {}
    if mode := retention.get("Mode"):
        out["s3:object-lock-mode"] = (mode,)
    until = retention.get("RetainUntilDate")
    if isinstance(until, datetime):
        out["s3:object-lock-retain-until-date"] = (until.isoformat(),)
        days = (until.timestamp() - now_us / 1e6) // 86400
        out["s3:object-lock-remaining-retention-days"] = (str(int(days)),)
    return out
