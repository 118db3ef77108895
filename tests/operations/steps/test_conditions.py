"""Every combination of read conditions, and the conditions that AWS accepts on writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from metadata.records import NO_CONDITIONS, Conditions
from s3api.errors import S3Error
from s3api.operations.steps.conditions import (
    check_copy_source,
    check_read,
    check_version,
    delete_conditions,
    write_conditions,
)

ETAG = "5eb63bbbe01eeed093cb22bb8f5acdc3"
MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 654321, UTC)
MODIFIED_US = int(MODIFIED.timestamp() * 1_000_000)
BEFORE, AFTER = MODIFIED - timedelta(hours=1), MODIFIED + timedelta(hours=1)

# Each header: None (absent), a value that lets the request go on, a value that does not.
MATCH = {None: None, True: f'"{ETAG}"', False: '"other"'}
UNMODIFIED = {None: None, True: AFTER, False: BEFORE}
NONE_MATCH = {None: None, True: '"other"', False: f'"{ETAG}"'}
SINCE = {None: None, True: BEFORE, False: AFTER}
STATES = (None, True, False)


def outcome(check: Any, *args: Any, **kwargs: Any) -> str:
    try:
        check(*args, **kwargs)
    except S3Error as error:
        return f"{error.code} {error.details.get('Condition', '')}".strip()
    return "fine"


def expected(match: bool | None, unmodified: bool | None, none: bool | None, since: bool | None) -> str:
    """RFC 9110, section 13.2.2, step by step."""
    if match is False:
        return "PreconditionFailed If-Match"
    if match is None and unmodified is False:
        return "PreconditionFailed If-Unmodified-Since"
    if none is False or (none is None and since is False):
        return "NotModified"
    return "fine"


def given(match: Any, unmodified: Any, none: Any, since: Any) -> dict[str, Any]:
    values = {
        "IfMatch": MATCH[match],
        "IfUnmodifiedSince": UNMODIFIED[unmodified],
        "IfNoneMatch": NONE_MATCH[none],
        "IfModifiedSince": SINCE[since],
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("states", list(product(STATES, repeat=4)))
def test_all_81_combinations_of_a_read(states: tuple[Any, ...]) -> None:
    assert outcome(check_read, ETAG, MODIFIED_US, given(*states)) == expected(*states)


@pytest.mark.parametrize("states", list(product(STATES, repeat=4)))
def test_all_81_combinations_of_a_copy_source_end_in_412(states: tuple[Any, ...]) -> None:
    conditions = {f"CopySource{name}": value for name, value in given(*states).items()}
    result = outcome(check_copy_source, ETAG, MODIFIED_US, conditions)
    wanted = expected(*states)
    if wanted == "fine":
        assert result == "fine"
    else:
        assert result.startswith("PreconditionFailed x-amz-copy-source-If-")


def test_a_304_carries_the_etag() -> None:
    with pytest.raises(S3Error) as caught:
        check_read(ETAG, MODIFIED_US, {"IfNoneMatch": "*"})
    assert caught.value.details["ETag"] == f'"{ETAG}"'


@pytest.mark.parametrize(
    ("value", "strong", "weak"),
    [
        (f'"{ETAG}"', True, True),
        (ETAG, True, True),
        ("*", True, True),
        (f' "a", "{ETAG}" ,"b"', True, True),
        (f"a, {ETAG}", True, True),
        (f'"a,{ETAG}"', False, False),
        (f'W/"{ETAG}"', False, True),
        (f'"a", W/"{ETAG}"', False, True),
        ('"a", "b"', False, False),
        ('""', False, False),
        (f'"{ETAG}-2"', False, False),
        (ETAG.upper(), False, False),
        (",", False, False),
    ],
)
def test_entity_tags(value: str, strong: bool, weak: bool) -> None:
    matched = outcome(check_read, ETAG, MODIFIED_US, {"IfMatch": value}) == "fine"
    assert matched is strong
    modified = outcome(check_read, ETAG, MODIFIED_US, {"IfNoneMatch": value}) == "NotModified"
    assert modified is weak


def test_dates_are_compared_by_the_second() -> None:
    shown = MODIFIED.replace(microsecond=0)
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfUnmodifiedSince": shown}) == "fine"
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfModifiedSince": shown}) == "NotModified"
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfModifiedSince": shown - timedelta(seconds=1)}) == "fine"
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfUnmodifiedSince": shown.replace(tzinfo=None)}) == "fine"


def test_if_modified_since_the_future_is_ignored() -> None:
    now_us = MODIFIED_US + 60_000_000
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfModifiedSince": AFTER}, now_us=now_us) == "fine"
    late_us = MODIFIED_US + 7_200_000_000
    assert outcome(check_read, ETAG, MODIFIED_US, {"IfModifiedSince": AFTER}, now_us=late_us) == "NotModified"


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "conditions"),
    [
        (None, None, NO_CONDITIONS),
        (f'"{ETAG}"', None, Conditions(if_match=ETAG)),
        (ETAG, None, Conditions(if_match=ETAG)),
        (None, "*", Conditions(if_none_match="*")),
        ("*", None, Conditions(if_match="*")),
        (None, f'"{ETAG}"', Conditions(if_none_match=ETAG)),
    ],
)
def test_conditions_of_a_write(
    if_match: str | None, if_none_match: str | None, conditions: Conditions
) -> None:
    assert write_conditions(if_match, if_none_match, more=True) == conditions


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "more", "header"),
    [
        ("*", None, False, "If-Match"),
        (None, f'"{ETAG}"', False, "If-None-Match"),
        (f'"{ETAG}"', "*", False, "If-Match,If-None-Match"),
        (f'"{ETAG}"', "*", True, "If-Match,If-None-Match"),
    ],
)
def test_conditions_that_aws_does_not_take_on_writes(
    if_match: str | None, if_none_match: str | None, more: bool, header: str
) -> None:
    with pytest.raises(S3Error) as caught:
        write_conditions(if_match, if_none_match, more=more)
    assert (caught.value.code, caught.value.details["Header"]) == ("NotImplemented", header)


def test_conditions_of_a_delete() -> None:
    assert delete_conditions(None) is NO_CONDITIONS
    assert delete_conditions("*") == Conditions(if_match="*")
    assert delete_conditions(f'"{ETAG}"') == Conditions(if_match=ETAG)
    assert delete_conditions(None, MODIFIED, 0, more=True) == Conditions(
        if_match_modified_s=MODIFIED_US // 1_000_000, if_match_size=0
    )
    for time, size in ((MODIFIED, None), (None, 0)):
        with pytest.raises(S3Error, match="NotImplemented"):
            delete_conditions(None, time, size)


def test_valid_version_ids() -> None:
    for fine in (None, "null", "0" * 30):
        check_version(fine)
    for odd in ("", "3HL4kqtJvjVBH40Nrjfkd", "0" * 31, "A" * 30):
        with pytest.raises(S3Error, match="InvalidArgument"):
            check_version(odd)
