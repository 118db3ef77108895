"""Test whether a policy makes a bucket public, for GetBucketPolicyStatus and public access blocks.

A policy is public unless each Allow speaks of fixed principals, or holds only where one of some keys has a
fixed value (no wildcard, no variable). "Fixed" for aws:SourceIp is a network that is not very wide.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

import ipaddress

from s3api.access.policy.conditions import Condition
from s3api.access.policy.documents import Policy, Statement
from s3api.access.policy.patterns import Pattern

_LIMITING_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "s3:accessgrantsinstancearn",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
_LIMITING_OPERATORS = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}
)
# A range that is wider than these speaks of the internet, not of a network (AWS: /8 and /32).
_WIDEST_V4, _WIDEST_V6 = 8, 32


def is_public(policy: Policy) -> bool:
    return any(statement.allow and _is_public(statement) for statement in policy.statements)


def _is_public(statement: Statement) -> bool:
    if statement.principals is None or not statement.principals.names_everybody:
        return False
    return not any(_limits(condition) for condition in statement.conditions)


def _limits(condition: Condition) -> bool:
    if condition.operator is None or condition.key not in _LIMITING_KEYS:
        return False
    if condition.operator.name.lower() not in _LIMITING_OPERATORS or condition.if_exists:
        return False
    return condition.quantifier != "all" and all(_is_fixed(wanted) for wanted in condition.wanted)


def _is_fixed(wanted: object) -> bool:
    if isinstance(wanted, Pattern):
        return wanted.is_fixed
    if isinstance(wanted, tuple):
        # The region and partition of an ARN say nothing of whose it is.
        return all(part.is_fixed for part in wanted[4:5]) or wanted[5].is_fixed
    if isinstance(wanted, ipaddress.IPv4Network):
        return wanted.prefixlen >= _WIDEST_V4
    return isinstance(wanted, ipaddress.IPv6Network) and wanted.prefixlen >= _WIDEST_V6
