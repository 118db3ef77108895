"""Condition operators, with absent keys, duplicate keys and keys of several values."""

from __future__ import annotations

import pytest

from s3api.access.policy.conditions import UnknownOperator, read_condition

Values = list[str] | None


def holds(operator: str, wanted: list[str], values: Values) -> bool:
    condition = read_condition(operator, "aws:Key", wanted, variables=True)
    return condition.holds({"aws:key": values}.get)


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", "a*", "ab", False),
        ("stringequals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", "a", False),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "a*c?", "abbcd", True),
        ("StringNotLike", "a*", "b", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "11", True),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericNotEquals", "10", "ten", True),
        ("DateGreaterThan", "2013-06-30T00:00:00Z", "2013-07-01T00:00:00+00:00", True),
        ("DateLessThan", "2013-06-30T00:00:00Z", "2013-07-01T00:00:00+00:00", False),
        ("DateEquals", "1372550400", "2013-06-30T00:00:00Z", True),
        ("DateNotEquals", "2013-06-30", "2013-06-30T00:00:00Z", False),
        ("DateLessThanEquals", "2013-06-30", "2013-06-30T00:00:00Z", True),
        ("DateGreaterThanEquals", "2013-06-30", "2013-06-29T23:59:59Z", False),
        ("Bool", "true", "true", True),
        ("Bool", "false", "true", False),
        ("Bool", "True", "true", True),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "Qml=", False),
        ("BinaryEquals", "QmluYXJ5", "!", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
        ("IpAddress", "203.0.113.0/24", "::ffff:203.0.113.7", True),
        ("IpAddress", "203.0.113.0/24", "a path", False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
        ("NotIpAddress", "203.0.113.0/24", "::1", True),
        ("ArnEquals", "arn:aws:sns:*:123:t", "arn:aws:sns:eu-west-1:123:t", True),
        ("ArnLike", "arn:aws:sns:*:*:u", "arn:aws:sns:eu-west-1:123:t", False),
        ("ArnLike", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y", True),
        ("ArnLike", "*", "arn:aws:s3:::b", True),
        ("ArnLike", "arn:aws:s3:::b", "no arn", False),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::c", True),
        ("ArnNotLike", "arn:aws:s3:::*", "arn:aws:s3:::c", False),
    ],
)
def test_operators(operator: str, wanted: str, value: str, expected: bool) -> None:

    assert holds(operator, [wanted], [value]) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("NumericLessThan", False),
        ("NumericLessThanIfExists", True),
        ("NotIpAddress", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_keys_that_are_not_there(operator: str, expected: bool) -> None:
    wanted = "1" if "Numeric" in operator else "::1" if "Ip" in operator else "a"
    assert holds(operator, [wanted], None) is expected


def test_one_value_of_a_line_is_enough_and_none_of_a_denied_one_may_match() -> None:
    assert holds("StringEquals", ["a", "b"], ["b"])
    assert not holds("StringNotEquals", ["a", "b"], ["b"])
    assert holds("StringNotEquals", ["a", "b"], ["c"])


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["c", "b"], True),
        ("ForAnyValue:StringEquals", ["c", "d"], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["c", "a"], False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("forallvalues:stringlike", ["a", "b"], True),
    ],
)
def test_sets(operator: str, values: list[str], expected: bool) -> None:
    assert holds(operator, ["a", "b"], values) is expected


def test_null_asks_whether_the_key_is_there() -> None:
    assert holds("Null", ["true"], None)
    assert not holds("Null", ["true"], ["x"])
    assert holds("Null", ["false"], ["x"])
    assert not holds("Null", ["false"], None)


def test_variables_in_values() -> None:
    condition = read_condition("StringLike", "s3:prefix", ["${aws:username}/*"], variables=True)
    assert condition.holds({"s3:prefix": ["zoe/x"], "aws:username": ["zoe"]}.get)
    arn = read_condition(
        "ArnEquals", "aws:PrincipalArn", ["arn:aws:iam::1:user/${aws:username}"], variables=True
    )
    assert arn.holds({"aws:principalarn": ["arn:aws:iam::1:user/zoe"], "aws:username": ["zoe"]}.get)


def test_the_name_of_a_tag_keeps_its_case() -> None:
    condition = read_condition("StringEquals", "S3:ExistingObjectTag/Team", ["x"], variables=True)
    assert condition.key == "s3:existingobjecttag/Team"


@pytest.mark.parametrize(
    "name", ["StringAlike", "ForSomeValues:StringEquals", "ForAllValues:Null", "IfExists", ""]
)
def test_operators_that_there_are_not(name: str) -> None:
    with pytest.raises(UnknownOperator):
        read_condition(name, "aws:Key", ["x"], variables=True)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "ten"),
        ("NumericEquals", "NaN"),
        ("DateEquals", "yesterday"),
        ("Bool", "perhaps"),
        ("Null", "x"),
        ("IpAddress", "203.0.113.0/33"),
        ("BinaryEquals", "#"),
        ("ArnEquals", "arn:aws"),
    ],
)
def test_values_that_cannot_be_compared(operator: str, value: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_condition(operator, "aws:Key", [value], variables=True)
