from __future__ import annotations

import time

import pytest

from s3api.access.acl import (
    ALL_USERS,
    CANNED,
    Grant,
    canned,
    dump,
    find_grant,
    is_public,
    load,
    parse_grantees,
)
from s3api.access.caller import ANONYMOUS
from s3api.access.principal import Principal

ONE, TWO = "1" * 64, "2" * 64


def test_private_is_the_usual_list_and_costs_nothing() -> None:
    assert canned("private", ONE, TWO) is None
    assert dump(None) is None
    assert load(None) is None


def test_every_canned_list_survives_storage() -> None:
    for name in CANNED:
        acl = canned(name, ONE, TWO)
        assert load(dump(acl)) == acl


def test_owner_variants_say_nothing_of_ones_own_bucket() -> None:
    assert canned("bucket-owner-full-control", ONE, ONE) is None
    assert canned("bucket-owner-read", ONE, TWO) == (Grant(ONE, "FULL_CONTROL"), Grant(TWO, "READ"))


def test_public_lists() -> None:
    assert is_public(canned("public-read", ONE, ONE))
    assert is_public(canned("authenticated-read", ONE, ONE))
    assert not is_public(canned("bucket-owner-read", ONE, TWO))
    assert not is_public(None)


def test_full_control_is_every_permission() -> None:
    acl = (Grant(TWO, "FULL_CONTROL"),)
    two = Principal(TWO, "2" * 12)
    assert all(
        find_grant(acl, ONE, two, permission) for permission in ("READ", "WRITE", "READ_ACP", "WRITE_ACP")
    )
    assert find_grant(acl, ONE, ANONYMOUS, "READ") is None


def test_nobody_is_no_owner() -> None:
    assert find_grant(None, "", ANONYMOUS, "READ") is None


@pytest.mark.parametrize(
    ("header", "grantees"),
    [
        ("id=123", [("id", "123")]),
        ('id="123", id="456"', [("id", "123"), ("id", "456")]),
        (
            f'uri="{ALL_USERS}",emailAddress="a,b@example.com"',
            [("uri", ALL_USERS), ("emailaddress", "a,b@example.com")],
        ),
        ("name=x", None),
        ("id", None),
        ("id=1 2", None),
        ("", None),
        ("id=1,", None),
        ("id=1,,id=2", None),
        ("id=1 ,  URI = x", [("id", "1"), ("uri", "x")]),
    ],
)
def test_grant_headers(header: str, grantees: list[tuple[str, str]] | None) -> None:
    assert parse_grantees(header) == grantees


def test_long_grant_headers_take_no_longer_than_they_are() -> None:
    started = time.process_time()
    assert parse_grantees("id=1," * 20_000) is None
    assert parse_grantees("id=" + '"' + "," * 60_000) is None
    assert parse_grantees("id" + " " * 60_000) is None
    assert time.process_time() - started < 0.5
