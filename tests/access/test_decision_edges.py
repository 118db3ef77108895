"""Cases of the access decision that mutation testing found untested."""

from __future__ import annotations

from s3api.access.acl import ALL_USERS, Grant
from s3api.access.decision import FULL_BLOCK, ObjectRules, decide, decide_with_write, refusal_message
from s3api.access.policy import evaluate, evaluate_all

from .test_decision import (
    ALLOW_ALL,
    ARN,
    OTHER,
    OWNER,
    ROOT,
    STRANGER,
    bucket_rules,
    may,
    statement,
    user,
    writers,
)


def nothing(name: str) -> None:
    return None


def test_a_full_public_access_block_blocks_everything() -> None:
    assert all(FULL_BLOCK)


def test_users_without_policies_under_an_acl() -> None:
    """A user of the owner's account has what a group was granted, not what its account was."""
    public = ObjectRules(OWNER, (Grant(ALL_USERS, "READ"),))
    account = ObjectRules(OWNER, (Grant(OWNER, "FULL_CONTROL"),))
    assert may(user(), "GetObject", writers(), object_rules=public)
    assert not may(user(), "GetObject", writers(), object_rules=account)
    assert not may(user(account=STRANGER), "GetObject", writers(), object_rules=public)


def test_an_object_that_does_not_exist_grants_nothing() -> None:
    assert not may(STRANGER, "GetObject", writers())


def test_the_owner_of_an_object_that_its_acl_does_not_name() -> None:
    theirs = ObjectRules(OTHER, ())
    assert may(STRANGER, "GetObject", writers(), object_rules=theirs)
    assert not may(user(account=STRANGER), "GetObject", writers(), object_rules=theirs)


def test_a_refusal_names_the_kind_of_policy_that_is_missing() -> None:
    for caller, kind in (
        (user(), "identity"),
        (STRANGER, "resource"),
        (user(account=STRANGER), "identity"),
    ):
        decision = decide(caller, "s3:GetObject", bucket_rules(), "k", nothing)
        assert decision.reason == f"because no {kind}-based policy allows the s3:GetObject action"
        assert refusal_message(caller, "s3:GetObject", ARN, decision) == (
            f"User: {caller.arn} is not authorized to perform: s3:GetObject "
            f'on resource: "{ARN}" {decision.reason}'
        )


def test_the_first_allow_is_the_one_that_is_named() -> None:
    rules = bucket_rules(statement("s3:*", Sid="a"), statement("s3:*", Sid="b"))
    assert rules.policy
    verdict = evaluate(rules.policy, ROOT, "s3:GetObject", f"{ARN}/k", nothing)
    assert verdict.allowed
    assert verdict.allowed.sid == "a"
    policies = (("p", ALLOW_ALL), ("q", ALLOW_ALL))
    assert evaluate_all(policies, ROOT, "s3:GetObject", f"{ARN}/k", nothing)[0] == "p"


def test_acl_and_tags_with_a_write_that_the_policy_denies() -> None:
    rules = bucket_rules(statement("s3:PutObjectAcl", Effect="Deny"))
    assert not decide_with_write(STRANGER, "s3:PutObjectAcl", rules, "k", nothing).allowed
