"""Evaluation of policies: a Deny that applies decides, else an Allow that applies, else nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from typing import NamedTuple

from s3api.access.policy.documents import Policy, Statement
from s3api.access.policy.patterns import Lookup
from s3api.access.policy.principals import Match
from s3api.access.principal import Principal


class Verdict(NamedTuple):
    """`denied`, `allowed`: the first statement that says so. `delegated`: one that allows it to the
    principal's account, which for a user of the owner's account is not yet enough.
    """

    denied: Statement | None = None
    allowed: Statement | None = None
    delegated: Statement | None = None


SILENT = Verdict()


def evaluate(policy: Policy, principal: Principal, action: str, resource: str, lookup: Lookup) -> Verdict:
    """Find the statements of `policy` that decide. `action` as "s3:GetObject", `resource` as an ARN.

    A user's own policy names no principals: it applies to the user that it is attached to.
    """
    allowed = delegated = None
    for statement in policy.statements:
        match = statement.principals.match(principal) if statement.principals else Match.EXACT
        if not match or not statement.covers(action, resource, lookup) or not statement.holds(lookup):
            continue
        if not statement.allow:
            return Verdict(denied=statement)
        if match is Match.EXACT:
            allowed = allowed or statement
        else:
            delegated = delegated or statement
    return Verdict(None, allowed, delegated)


def evaluate_all(
    policies: tuple[tuple[str, Policy], ...], principal: Principal, action: str, resource: str, lookup: Lookup
) -> tuple[str, Verdict]:
    """Evaluate a user's policies; return the name of the deciding one ("" for none) and its verdict."""
    allowing: tuple[str, Verdict] = ("", SILENT)
    for name, policy in policies:
        verdict = evaluate(policy, principal, action, resource, lookup)
        if verdict.denied:
            return name, verdict
        if verdict.allowed and not allowing[1].allowed:
            allowing = name, verdict
    return allowing
