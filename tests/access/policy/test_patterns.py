from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from s3api.access.policy.patterns import Pattern

REQUEST = {"aws:username": ["zoe"], "aws:userid": ["AIDA1"], "s3:prefix": ["a", "b"]}


def lookup(key: str) -> Sequence[str] | None:
    return REQUEST.get(key)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:Get*", "s3:GetObjectAcl", True),
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a?c", "a\nc", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*ab*ab", "ab", False),
        ("ab*ab", "aba", False),
        ("ab*ab", "abab", True),
        ("a*?", "a", False),
        ("a*?", "ab", True),
        ("**", "x/y", True),
        ("arn:aws:s3:::b/*.jpg", "arn:aws:s3:::b/x/y.jpg", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_wildcards(pattern: str, value: str, matches: bool) -> None:
    assert Pattern(pattern).matches(value, lookup) is matches


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("home/${aws:username}/*", "home/zoe/x", True),
        ("home/${aws:username}/*", "home/zo/x", False),
        ("home/${AWS:UserName}/*", "home/zoe/x", True),
        ("home/${aws:nothing}/*", "home//x", False),
        ("home/${aws:nothing, 'all'}/*", "home/all/x", True),
        ("home/${aws:username, 'all'}/*", "home/zoe/x", True),
        ("${s3:prefix}", "a", False),
        ("a${*}b", "a*b", True),
        ("a${*}b", "axb", False),
        ("a${?}${$}", "a?$", True),
    ],
)
def test_variables(pattern: str, value: str, matches: bool) -> None:
    assert Pattern(pattern, variables=True).matches(value, lookup) is matches


def test_what_a_variable_brings_in_is_no_wildcard() -> None:
    pattern = Pattern("home/${aws:username}/x", variables=True)
    assert not pattern.matches("home/anybody/x", lambda _: ["*"])
    assert pattern.matches("home/*/x", lambda _: ["*"])


def test_policies_before_2012_have_no_variables() -> None:
    assert Pattern("${aws:username}").matches("${aws:username}", lookup)


def test_case_is_folded_on_both_sides_where_asked() -> None:
    pattern = Pattern("s3:GET${aws:username}*", variables=True, fold_case=True)
    assert pattern.matches("S3:getZOE!", lookup)


def test_without_wildcards_stars_are_stars() -> None:
    assert Pattern("a*", wildcards=False).matches("a*", lookup)
    assert not Pattern("a*", wildcards=False).matches("ab", lookup)


def test_no_pattern_takes_long() -> None:
    """Patterns that take exponential time in a backtracking matcher."""
    pattern = Pattern("*a" * 400 + "*?" * 400 + "b")
    started = time.process_time()
    assert not pattern.matches("a" * 1024 + "c", lookup)
    assert not Pattern("${" + " " * 20_000 + ", 'a}" * 20, variables=True).matches("x", lookup)
    assert time.process_time() - started < 0.5
