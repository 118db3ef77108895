from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from metadata.records import Lock
from s3api.errors import S3Error
from s3api.operations.steps.retention import (
    DAY_US,
    change_legal_hold,
    change_retention,
    check_lock_document,
    lock_members,
    lock_of_new_version,
)

NOW = 1_750_000_000_000_000
GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
ENABLED: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}


def day(number: int) -> datetime:
    return datetime.fromtimestamp((NOW + number * DAY_US) / 1_000_000, UTC)


def until(number: int) -> int:
    return NOW + number * DAY_US


def default(**retention: Any) -> dict[str, Any]:
    return ENABLED | {"Rule": {"DefaultRetention": retention}}


def code_of(act: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(S3Error) as caught:
        act(*arguments, **more)
    return caught.value.code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "MalformedXML"),
        (ENABLED | {"Rule": {}}, "MalformedXML"),
        (default(Mode=GOVERNANCE), "MalformedXML"),
        (default(Days=1), "MalformedXML"),
        (default(Mode=GOVERNANCE, Days=1, Years=1), "MalformedXML"),
        (default(Mode=GOVERNANCE, Days=0), "InvalidRetentionPeriod"),
        (default(Mode=GOVERNANCE, Years=-1), "InvalidRetentionPeriod"),
        (default(Mode=GOVERNANCE, Days=36_501), "InvalidRetentionPeriod"),
        (default(Mode=GOVERNANCE, Years=101), "InvalidRetentionPeriod"),
        (default(Mode=GOVERNANCE, Days=1, DefaultEventHold={"Days": 1}), "NotImplemented"),
    ],
)
def test_invalid_documents(document: dict[str, Any], code: str) -> None:
    assert code_of(check_lock_document, document) == code


def test_documents() -> None:
    for document in (ENABLED, default(Mode=COMPLIANCE, Days=36_500), default(Mode=GOVERNANCE, Years=100)):
        check_lock_document(document)


def test_what_a_new_version_is_locked_with() -> None:
    week = default(Mode=GOVERNANCE, Days=7)
    assert lock_of_new_version({}, None, NOW) is None
    assert lock_of_new_version({}, ENABLED, NOW) is None
    assert lock_of_new_version({}, week, NOW) == Lock(GOVERNANCE, until(7))
    assert lock_of_new_version({}, default(Mode=COMPLIANCE, Years=2), NOW) == Lock(COMPLIANCE, until(730))
    asked = {"ObjectLockMode": COMPLIANCE, "ObjectLockRetainUntilDate": day(1)}
    assert lock_of_new_version(asked, week, NOW) == Lock(COMPLIANCE, until(1))
    assert lock_of_new_version(asked | {"ObjectLockLegalHoldStatus": "ON"}, ENABLED, NOW) == Lock(
        COMPLIANCE, until(1), True
    )
    assert lock_of_new_version({"ObjectLockLegalHoldStatus": "ON"}, week, NOW) == Lock(
        GOVERNANCE, until(7), True
    )
    assert lock_of_new_version({"ObjectLockLegalHoldStatus": "OFF"}, ENABLED, NOW) == Lock(hold=False)


def test_locks_that_a_new_version_cannot_have() -> None:
    asked = {"ObjectLockMode": GOVERNANCE, "ObjectLockRetainUntilDate": day(1)}
    assert code_of(lock_of_new_version, asked, None, NOW) == "InvalidRequest"
    assert code_of(lock_of_new_version, {"ObjectLockLegalHoldStatus": "OFF"}, None, NOW) == "InvalidRequest"
    for name in asked:
        assert code_of(lock_of_new_version, {name: asked[name]}, ENABLED, NOW) == "InvalidArgument"
    assert (
        code_of(lock_of_new_version, asked | {"ObjectLockRetainUntilDate": day(0)}, ENABLED, NOW)
        == "InvalidArgument"
    )


def wanted(mode: str, number: int) -> dict[str, Any]:
    return {"Mode": mode, "RetainUntilDate": day(number)}


@pytest.mark.parametrize(
    ("old", "mode", "number", "without", "bypassing"),
    [
        (None, GOVERNANCE, 1, True, True),
        (None, COMPLIANCE, 1, True, True),
        (Lock(GOVERNANCE, until(2)), GOVERNANCE, 3, True, True),
        (Lock(GOVERNANCE, until(2)), GOVERNANCE, 2, True, True),
        (Lock(GOVERNANCE, until(2)), GOVERNANCE, 1, False, True),
        (Lock(GOVERNANCE, until(2)), COMPLIANCE, 2, False, True),
        (Lock(GOVERNANCE, until(2)), COMPLIANCE, 3, False, True),
        (Lock(COMPLIANCE, until(2)), COMPLIANCE, 3, True, True),
        (Lock(COMPLIANCE, until(2)), COMPLIANCE, 1, False, False),
        (Lock(COMPLIANCE, until(2)), GOVERNANCE, 3, False, False),
        (Lock(COMPLIANCE, until(-1)), GOVERNANCE, 1, True, True),
        (Lock(hold=True), GOVERNANCE, 1, True, True),
    ],
)
def test_changes_of_retention(
    old: Lock | None, mode: str, number: int, without: bool, bypassing: bool
) -> None:
    for bypass, allowed in ((False, without), (True, bypassing)):
        if allowed:
            made = change_retention(old, wanted(mode, number), NOW, bypass=bypass)
            assert made == Lock(mode, until(number), old.hold if old else None)
        else:
            assert code_of(change_retention, old, wanted(mode, number), NOW, bypass=bypass) == "AccessDenied"


def test_the_end_of_a_retention() -> None:
    kept = Lock(GOVERNANCE, until(1))
    assert code_of(change_retention, kept, {}, NOW, bypass=False) == "AccessDenied"
    assert change_retention(kept, {}, NOW, bypass=True) is None
    assert change_retention(Lock(GOVERNANCE, until(1), True), {}, NOW, bypass=True) == Lock(hold=True)
    assert code_of(change_retention, Lock(COMPLIANCE, until(1)), {}, NOW, bypass=True) == "AccessDenied"


def test_invalid_retentions() -> None:
    assert code_of(change_retention, None, {"Mode": GOVERNANCE}, NOW, bypass=False) == "MalformedXML"
    past = wanted(GOVERNANCE, -1)
    assert code_of(change_retention, None, past, NOW, bypass=False) == "InvalidArgument"
    held = wanted(GOVERNANCE, 1) | {"EventHold": "ON"}
    assert code_of(change_retention, None, held, NOW, bypass=False) == "NotImplemented"


def test_legal_hold_and_lock_members() -> None:
    held = change_legal_hold(Lock(GOVERNANCE, until(1)), "ON")
    assert held == Lock(GOVERNANCE, until(1), True)
    assert lock_members(held)["ObjectLockLegalHoldStatus"] == "ON"
    assert lock_members(change_legal_hold(None, "OFF")) == {
        "ObjectLockMode": None,
        "ObjectLockRetainUntilDate": None,
        "ObjectLockLegalHoldStatus": "OFF",
    }
    assert lock_members(None) == {}
    assert lock_members(Lock(GOVERNANCE, 1_750_000_000_123_000))["ObjectLockRetainUntilDate"] == (
        "2025-06-15T15:06:40.123Z"
    )
    assert lock_members(Lock(GOVERNANCE, 1))["ObjectLockLegalHoldStatus"] is None
