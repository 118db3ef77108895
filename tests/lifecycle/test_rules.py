from __future__ import annotations

from s3api.lifecycle.rules import DueTime, Filter, Rule, Rules, Transition, prefixes


def only(**rule: object) -> Rule:
    (found,) = Rules.parse({"Rules": [{"ID": "r", "Status": "Enabled", **rule}]}).enabled
    return found


def test_a_rule_of_everything() -> None:
    rule = only(
        Filter={"Prefix": "logs/"},
        Expiration={"Days": 30},
        NoncurrentVersionExpiration={"NoncurrentDays": 7, "NewerNoncurrentVersions": 3},
        Transitions=[{"Days": 10, "StorageClass": "GLACIER"}, {"Date": "2030-01-01", "StorageClass": "X"}],
        NoncurrentVersionTransitions=[
            {"NoncurrentDays": 1, "StorageClass": "STANDARD_IA", "NewerNoncurrentVersions": 2}
        ],
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": 5},
    )
    assert rule == Rule(
        "r",
        Filter("logs/"),
        expiration=DueTime(days=30),
        noncurrent_days=7,
        keep_newer=3,
        transitions=(
            Transition(DueTime(days=10), "GLACIER"),
            Transition(DueTime(date_us=1_893_456_000_000_000), "X"),
        ),
        noncurrent_transitions=(Transition(DueTime(days=1), "STANDARD_IA", 2),),
        abort_days=5,
    )
    assert rule.applies_to_current
    assert rule.applies_to_noncurrent


def test_filters_in_every_form() -> None:
    tag, other = {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}
    assert only(Prefix="old/").filter == Filter("old/")
    assert only(Prefix="").filter == only(Filter={}).filter == only(Filter={"Prefix": ""}).filter == Filter()
    assert only(Filter={"Tag": tag}).filter == Filter(tags=(("a", "1"),))
    assert only(Filter={"ObjectSizeGreaterThan": 0}).filter == Filter(larger_than=0)
    assert only(Filter={"ObjectSizeLessThan": 9}).filter.has_size
    both = {"Prefix": "p", "Tags": [tag, other], "ObjectSizeGreaterThan": 1, "ObjectSizeLessThan": 9}
    assert only(Filter={"And": both}).filter == Filter("p", (("a", "1"), ("b", "2")), 1, 9)
    beside = {"Prefix": "p/q", "ObjectSizeGreaterThan": 0, "ObjectSizeLessThan": 5, "And": both}
    assert only(Filter=beside).filter == Filter("p/q", (("a", "1"), ("b", "2")), 1, 5)


def test_sizes_are_exclusive_bounds_and_all_tags_must_match() -> None:
    sized = Filter(larger_than=10, smaller_than=20)
    assert [size for size in (9, 10, 11, 19, 20) if sized.matches("k", size, {})] == [11, 19]
    tagged = Filter("a/", (("x", "1"), ("y", "2")))
    assert tagged.matches("a/b", 0, {"x": "1", "y": "2", "z": "3"})
    assert not tagged.matches("a/b", 0, {"x": "1", "y": "other"})
    assert not tagged.matches("b/b", 0, {"x": "1", "y": "2"})
    assert not tagged.matches_key("a/b")
    assert not sized.matches_key("k")
    assert Filter("a/").matches_key("a/b")


def test_disabled_rules_are_left_out_and_unnamed_ones_are_numbered() -> None:
    rules = Rules.parse(
        {
            "Rules": [{"Status": "Disabled", "ID": "off"}, {"Status": "Enabled", "Prefix": ""}],
            "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        }
    )
    assert [rule.id for rule in rules.enabled] == ["rule-2"]
    assert rules.minimum == "varies_by_storage_class"
    assert Rules.parse({}).enabled == ()


def test_dates_are_text_or_microseconds() -> None:
    for date in ("2030-01-01T00:00:00Z", "2030-01-01T01:00:00+01:00", "2030-01-01", 1_893_456_000_000_000):
        assert only(Expiration={"Date": date}).expiration == DueTime(date_us=1_893_456_000_000_000)


def test_zero_days_are_stored() -> None:
    assert only(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}]).transitions[0].when == DueTime(days=0)


def test_prefixes_cover_each_other() -> None:
    rules = [Rule("", Filter(prefix)) for prefix in ("b/", "a/x", "a/", "a/y/z", "b/")]
    assert prefixes(rules) == ["a/", "b/"]
    assert prefixes([*rules, Rule("", Filter())]) == [""]
    assert prefixes([]) == []
