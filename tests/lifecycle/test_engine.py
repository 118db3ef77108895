"""The lifecycle engine against AWS's examples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from s3api.lifecycle.calendar import due_us
from s3api.lifecycle.engine import Action, Engine, Upload, Version, VersionWalk
from s3api.lifecycle.rules import Rules

DAY_US = 86_400_000_000
MIB = 1 << 20


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def engine(*rules: dict[str, Any], versioned: bool = False, minimum: str | None = None) -> Engine:
    named = [{"ID": f"r{n}", "Status": "Enabled", "Filter": {}, **rule} for n, rule in enumerate(rules, 1)]
    return Engine(
        Rules.parse({"Rules": named, "TransitionDefaultMinimumObjectSize": minimum}), versioned=versioned
    )


def made(days_ago: float, **more: Any) -> Version:
    given = {"key": "k", "version_id": "v", "size": MIB, **more}
    return Version(since_us=NOW - int(days_ago * DAY_US), **given)


NOW = at("2024-03-10 00:00:00")
SMALL, LARGE = 1000, MIB


def test_aws_example_of_rounding() -> None:
    assert due_us(at("2014-01-15 10:30:00"), 3) == at("2014-01-19 00:00:00")
    assert due_us(at("2014-01-15 00:00:00"), 3) == at("2014-01-18 00:00:00")
    assert due_us(at("2014-01-15 10:30:00"), 0) == at("2014-01-16 00:00:00")


def test_a_shortened_day_has_no_midnight() -> None:
    assert due_us(at("2014-01-15 10:30:00"), 3, 10) == at("2014-01-15 10:30:30")
    quick = Engine(engine({"Expiration": {"Days": 1}}).rules, versioned=False, day_s=10)
    version = made(0)
    assert quick.action_for_current(version, NOW + 9_999_999) is None
    assert quick.action_for_current(version, NOW + 10_000_000) is not None
    # The header that clients see stays in calendar days.
    assert quick.expiration_header(version) == engine({"Expiration": {"Days": 1}}).expiration_header(version)


@pytest.mark.parametrize(("versioned", "expected"), [(False, "delete"), (True, "expire")])
def test_expiration_by_days(versioned: bool, expected: str) -> None:
    rules = engine({"Expiration": {"Days": 30}}, versioned=versioned)
    action = rules.action_for_current(made(30), NOW)
    assert action is not None
    assert (action.action, action.rule_id) == (expected, "r1")
    assert rules.action_for_current(made(29.5), NOW) is None


def test_expiration_by_date_applies_to_all_objects() -> None:
    rules = engine({"Expiration": {"Date": "2024-03-10T00:00:00Z"}})
    assert rules.action_for_current(made(0), NOW) is not None
    assert rules.action_for_current(made(100), NOW - 1) is None


def test_of_two_expirations_the_shorter_counts() -> None:
    rules = engine({"Expiration": {"Days": 365}}, {"Filter": {"Prefix": "k"}, "Expiration": {"Days": 1}})
    action = rules.action_for_current(made(2), NOW)
    assert action is not None
    assert action.rule_id == "r2"


def test_permanent_deletion_before_transition_before_a_marker() -> None:
    both = {"Expiration": {"Days": 1}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    plain, versioned = (
        engine(both).action_for_current(made(9), NOW),
        engine(both, versioned=True).action_for_current(made(9), NOW),
    )
    assert plain is not None
    assert plain.action == "delete"
    assert versioned is not None
    assert (versioned.action, versioned.storage_class) == ("move", "GLACIER")
    after = engine(both, versioned=True).action_for_current(made(9, storage_class="GLACIER"), NOW)
    assert after is not None
    assert after.action == "expire"


def test_transitions_go_to_the_cheaper_class_and_never_back() -> None:
    rules = engine(
        {"Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}, {"Days": 5, "StorageClass": "GLACIER"}]},
        {"Transitions": [{"Days": 1, "StorageClass": "INTELLIGENT_TIERING"}]},
    )

    def moved(days: float, storage_class: str = "STANDARD") -> str | None:
        action = rules.action_for_current(made(days, storage_class=storage_class), NOW)
        return action.storage_class if action else None

    assert [moved(0.5), moved(2), moved(6)] == [None, "INTELLIGENT_TIERING", "GLACIER"]
    assert moved(6, "INTELLIGENT_TIERING") == "GLACIER"
    assert moved(6, "GLACIER") is moved(6, "DEEP_ARCHIVE") is None


def test_small_objects_keep_their_class_by_default() -> None:
    def moved(minimum: str | None = None, **filter: Any) -> str | None:
        deep, ia = {"Days": 9, "StorageClass": "DEEP_ARCHIVE"}, {"Days": 1, "StorageClass": "STANDARD_IA"}
        rules = engine({"Filter": filter, "Transitions": [ia, deep]}, minimum=minimum)
        action = rules.action_for_current(made(20, size=SMALL), NOW)
        return action.storage_class if action else None

    assert moved() is moved("all_storage_classes_128K") is None
    assert moved("varies_by_storage_class") == "DEEP_ARCHIVE"
    assert moved(ObjectSizeGreaterThan=1) == "DEEP_ARCHIVE"


def versions(*noncurrent_days: float, marker_on_top: bool = False) -> list[Version]:
    """Return a current version and older ones, replaced so many days ago (when the next was made)."""
    made_days = [*noncurrent_days, (noncurrent_days[-1] if noncurrent_days else 0) + 1]
    return [
        made(days, version_id=str(n), is_marker=marker_on_top and n == 0) for n, days in enumerate(made_days)
    ]


def walked(rules: Engine, given: list[Version]) -> list[Action]:
    walk = VersionWalk(rules, NOW)
    found = [walk.evaluate(version, only_version=len(given) == 1) for version in given]
    return [action for action in found if action]


def doomed(rules: Engine, given: list[Version]) -> list[str]:
    return [action.version.version_id for action in walked(rules, given) if action.action == "delete"]


def test_noncurrent_versions_count_from_when_they_were_replaced() -> None:
    rules = engine({"NoncurrentVersionExpiration": {"NoncurrentDays": 3}}, versioned=True)
    assert doomed(rules, versions(1, 2.5, 3, 9)) == ["3", "4"]


def test_the_newest_noncurrent_versions_are_spared() -> None:
    given = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    rules = engine({"NoncurrentVersionExpiration": given}, versioned=True)
    assert doomed(rules, versions(5, 6, 7, 8)) == ["3", "4"]
    assert doomed(rules, versions(0.5, 0.6, 0.7, 8)) == ["4"]


def test_a_delete_marker_among_old_versions_goes_with_them_and_counts_for_none() -> None:
    given = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}
    rules = engine({"NoncurrentVersionExpiration": given}, versioned=True)
    old = versions(5, 6, 7)
    old[2] = old[2]._replace(is_marker=True)
    assert doomed(rules, old) == ["2", "3"]
    old[1], old[2] = old[1]._replace(is_marker=True), old[2]._replace(is_marker=False)
    assert doomed(rules, old) == ["3"]


def test_noncurrent_transitions() -> None:
    moves = [
        {"NoncurrentDays": 1, "StorageClass": "STANDARD_IA", "NewerNoncurrentVersions": 1},
        {"NoncurrentDays": 5, "StorageClass": "GLACIER"},
    ]
    rules = engine({"NoncurrentVersionTransitions": moves}, versioned=True)
    found = {action.version.version_id: action.storage_class for action in walked(rules, versions(2, 3, 6))}
    assert found == {"2": "STANDARD_IA", "3": "GLACIER"}


def test_filters_look_at_each_version_by_itself() -> None:
    rule = {
        "Filter": {"Tag": {"Key": "a", "Value": "1"}},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    given = versions(5, 6)
    given[2] = given[2]._replace(tags={"a": "1"})
    assert doomed(engine(rule, versioned=True), given) == ["2"]


def test_a_lone_delete_marker() -> None:
    lone = versions(marker_on_top=True)
    by_word = engine({"Expiration": {"ExpiredObjectDeleteMarker": True}}, versioned=True)
    assert doomed(by_word, lone) == ["0"]
    assert doomed(by_word, versions(9, marker_on_top=True)) == []
    assert doomed(engine({"Expiration": {"Days": 1}}, versioned=True), lone) == ["0"]
    assert doomed(engine({"Expiration": {"Days": 2}}, versioned=True), lone) == []
    sized = {"Filter": {"ObjectSizeGreaterThan": 0}, "Expiration": {"Days": 1}}
    assert doomed(engine(sized, versioned=True), lone) == []


def test_uploads() -> None:
    rules = engine({"Filter": {"Prefix": "a/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}})
    old = NOW - 7 * DAY_US
    assert rules.must_abort(Upload("a/b", "u", old), NOW)
    assert not rules.must_abort(Upload("a/b", "u", old + 1), NOW)
    assert not rules.must_abort(Upload("b/b", "u", old), NOW)
    assert rules.abort_date("a/b", old) == (NOW, "r1")
    assert rules.abort_date("b/b", old) is None


def test_the_header_names_the_earliest_expiration() -> None:
    rules = engine(
        {"ID": "later", "Expiration": {"Days": 9}},
        {"ID": "a rule, sooner", "Expiration": {"Days": 1}, "Filter": {"Tag": {"Key": "t", "Value": "1"}}},
    )
    plain, tagged = made(0.5), made(0.5, tags={"t": "1"})
    assert rules.expiration_header(plain) == 'expiry-date="Tue, 19 Mar 2024 00:00:00 GMT", rule-id="later"'
    assert rules.expiration_header(tagged) == (
        'expiry-date="Mon, 11 Mar 2024 00:00:00 GMT", rule-id="a%20rule%2C%20sooner"'
    )
    assert engine({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}).expiration_header(plain) is None


def test_a_walk_counts_anew_for_each_key() -> None:
    given = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}
    walk = VersionWalk(engine({"NoncurrentVersionExpiration": given}, versioned=True), NOW)
    of_two_keys = [each._replace(key=key) for key in ("a", "b") for each in versions(5, 6)]
    found = [walk.evaluate(version, only_version=False) for version in of_two_keys]
    assert [(action.version.key, action.version.version_id) for action in found if action] == [
        ("a", "2"),
        ("b", "2"),
    ]
