"""Initiators of multipart uploads: stored, returned and recognised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3api.access.caller import ANONYMOUS
from s3api.access.initiator import initiator_of, initiator_user, is_initiator
from s3api.access.principal import ANONYMOUS_OWNER, Principal

ROOT = Principal("a" * 64, "123456789012")
USER = replace(ROOT, user="ann", path="/team/", user_id="AIDAANN")
OTHER_ROOT = Principal("b" * 64, "210987654321")


def test_a_user_is_kept_by_id_and_shown_by_arn() -> None:
    assert initiator_user(initiator_of(USER)) == {
        "ID": "arn:aws:iam::123456789012:user/team/ann",
        "DisplayName": "ann",
    }


def test_an_account_is_kept_by_its_canonical_id() -> None:
    assert initiator_of(ROOT) == ROOT.account
    assert initiator_of(ANONYMOUS) == ANONYMOUS_OWNER
    assert initiator_user(ROOT.account) is initiator_user(ANONYMOUS_OWNER) is None


@pytest.mark.parametrize(
    ("principal", "by_user", "by_root"),
    [
        (USER, True, False),
        (replace(USER, user="anna", user_id="AIDAANN"), False, False),
        (replace(USER, user_id="AIDANEW"), False, False),  # made anew under the same name
        (ROOT, True, True),
        (OTHER_ROOT, False, False),
        (replace(OTHER_ROOT, number=ROOT.number[:-1]), False, False),
        (ANONYMOUS, False, False),
    ],
    ids=["itself", "renamed", "anew", "its account", "another account", "a shorter number", "nobody"],
)
def test_who_began_it(principal: Principal, by_user: bool, by_root: bool) -> None:
    assert is_initiator(principal, initiator_of(USER)) is by_user
    assert is_initiator(principal, initiator_of(ROOT)) is by_root


def test_nobody_began_what_nobody_signed_for() -> None:
    assert not is_initiator(ANONYMOUS, initiator_of(ANONYMOUS))
