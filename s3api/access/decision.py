"""The decision whether a caller may perform an action. Pure functions over data that is already loaded.

The order of the checks is AWS's; the head of `s3api.access` lists it. In short: a Deny always wins. The
bucket's own account needs no permission of the bucket; its users need an Allow of their own or of the bucket
policy. Everybody else needs an Allow of the bucket (policy or ACL), and users of other accounts one of their
own account as well. For objects of another account the object's ACL decides, not the bucket policy.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from s3api.access import acl as acls
from s3api.access.acl import ACL, BUCKET_PERMISSIONS, OBJECT_PERMISSIONS
from s3api.access.caller import Caller
from s3api.access.policy import SILENT, Policy, Verdict, evaluate, evaluate_all, is_public
from s3api.access.policy.patterns import Lookup
from s3api.access.principal import Principal

ENFORCED = "BucketOwnerEnforced"
# The root of a bucket's account can always repair the policy, whatever it denies (API reference of
# PutBucketPolicy).
BUCKET_POLICY_ACTIONS = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
OBJECT_OWNER_ACTIONS = frozenset(OBJECT_PERMISSIONS) | {"s3:GetObjectTorrent"}
"""Actions that an object's own owner and ACL decide, where ACLs are in use. All others (deleting, replacing,
tagging, locking) are the bucket owner's even on objects of others: they lie in its bucket.
"""


class PublicAccessBlock(NamedTuple):
    """A public access block."""

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict: bool = False


NO_BLOCK = PublicAccessBlock()
FULL_BLOCK = PublicAccessBlock(True, True, True, True)


@dataclass(frozen=True)
class BucketRules:
    """Access rules of a bucket. `acl` None: only the owner has access."""

    bucket: str
    owner: str
    policy: Policy | None = None
    acl: ACL | None = None
    ownership: str = ENFORCED
    block: PublicAccessBlock = FULL_BLOCK

    @property
    def has_acls(self) -> bool:
        return self.ownership != ENFORCED

    @cached_property
    def policy_is_public(self) -> bool:
        return self.policy is not None and is_public(self.policy)

    def arn(self, key: str | None) -> str:
        return f"arn:aws:s3:::{self.bucket}" if key is None else f"arn:aws:s3:::{self.bucket}/{key}"


class ObjectRules(NamedTuple):
    """Access rules of an existing object: its owner and its ACL."""

    owner: str
    acl: ACL | None = None


class Decision(NamedTuple):
    """`reason`: a sentence, in AWS's words as far as they go; `statement`: which one, "" where none did;
    `by_deny`: a Deny ended it, rather than that nothing allowed it; `needs_acl`: but for an ACL it would not
    be allowed.
    """

    allowed: bool
    reason: str
    statement: str = ""
    by_deny: bool = False
    needs_acl: bool = False


def decide(
    principal: Caller,
    action: str,
    rules: BucketRules,
    key: str | None,
    lookup: Lookup,
    *,
    object_rules: ObjectRules | None = None,
) -> Decision:
    """Whether `principal` may do `action` to the bucket, or to `key` in it.

    `object_rules`: the object, where the action is about one that exists and ACLs are in use.
    """
    arn = rules.arn(key)
    own = bool(principal.account) and principal.account == rules.owner
    verdict = evaluate(rules.policy, principal, action, arn, lookup) if rules.policy else SILENT
    if verdict.denied and not (own and principal.is_root and action in BUCKET_POLICY_ACTIONS):
        return _denied("a resource-based policy", f"bucket policy, statement {verdict.denied.name}")
    name, mine = "", SILENT
    if principal.user is not None:
        name, mine = evaluate_all(principal.policies, principal, action, arn, lookup)
        if mine.denied:
            return _denied("an identity-based policy", f"user policy {name}, statement {mine.denied.name}")
    foreign = (
        object_rules is not None
        and object_rules.owner != rules.owner
        and rules.has_acls
        and action in OBJECT_OWNER_ACTIONS
    )
    by_policy = None if foreign else _by_policy(rules, verdict, principal, own=own)
    by_acl = _by_acl(principal, action, rules, object_rules)
    by_account = principal.user is None or mine.allowed is not None
    if own and not foreign and by_account:
        return _owner(principal, name, mine)
    if own and verdict.allowed and not foreign:
        return Decision(
            True, "the bucket policy allows it", f"bucket policy, statement {verdict.allowed.name}"
        )
    if by_acl and (by_account or (own and acls.is_group(by_acl.grantee))):
        reason = f"the ACL grants {by_acl.permission} to {by_acl.grantee}"
        return Decision(True, reason, needs_acl=by_policy is None)
    if (
        foreign
        and object_rules
        and principal.account == object_rules.owner
        and by_account
        and not principal.anonymous
    ):
        return Decision(True, "it is the object's owner")
    if by_policy and by_account and not own:
        return Decision(True, "the bucket policy allows it", by_policy)
    return _refused(action, principal, own=own, by_account=by_account)


def _owner(principal: Principal, name: str, mine: Verdict) -> Decision:
    if principal.user is None or mine.allowed is None:
        return Decision(True, "it is the bucket's owner")
    return Decision(
        True, "a policy of the user allows it", f"user policy {name}, statement {mine.allowed.name}"
    )


def _by_policy(rules: BucketRules, verdict: Verdict, principal: Principal, *, own: bool) -> str | None:
    """Name the statement that allows the action; None if none does or the public access block forbids it."""
    statement = verdict.allowed or verdict.delegated
    if statement is None:
        return None
    if rules.block.restrict and rules.policy_is_public and not own and principal.service is None:
        return None
    return f"bucket policy, statement {statement.name}"


def _by_acl(
    principal: Principal, action: str, rules: BucketRules, object_rules: ObjectRules | None
) -> acls.Grant | None:
    if not rules.has_acls:
        return None
    ignore = rules.block.ignore_acls
    if permission := BUCKET_PERMISSIONS.get(action):
        return acls.find_grant(rules.acl, rules.owner, principal, permission, ignore_public=ignore)
    if object_rules is not None and (permission := OBJECT_PERMISSIONS.get(action)):
        return acls.find_grant(
            object_rules.acl, object_rules.owner, principal, permission, ignore_public=ignore
        )
    return None


def decide_with_write(
    principal: Caller, action: str, rules: BucketRules, key: str | None, lookup: Lookup
) -> Decision:
    """Decide whether a write that is allowed may also set an ACL or tags by its headers.

    A user needs its own account's permission for that. The bucket's policy need not name the action, but may
    deny it: so AWS's examples have it, which allow s3:PutObject under a condition on the ACL or the tags.
    """
    decision = decide(principal, action, rules, key, lookup)
    if decision.allowed or decision.by_deny:
        return decision
    if principal.user is None:
        return Decision(True, "it goes with the write")
    _, mine = evaluate_all(principal.policies, principal, action, rules.arn(key), lookup)
    return Decision(True, "it goes with the write") if mine.allowed else decision


def decide_without_bucket(principal: Caller, action: str, arn: str, lookup: Lookup) -> Decision:
    """Decide an action without an existing bucket: ListBuckets, CreateBucket, and IAM's actions.

    The account's root is allowed, its users are if their policies allow it, anonymous callers are not.
    """
    if principal.anonymous:
        return Decision(False, "because the request was not signed")
    if principal.user is None:
        return Decision(True, "it is the account's root")
    name, mine = evaluate_all(principal.policies, principal, action, arn, lookup)
    if mine.denied:
        return _denied("an identity-based policy", f"user policy {name}, statement {mine.denied.name}")
    if mine.allowed:
        return _owner(principal, name, mine)
    return _refused(action, principal, own=True, by_account=False)


def _denied(kind: str, statement: str) -> Decision:
    return Decision(False, f"with an explicit deny in {kind}", statement, by_deny=True)


def _refused(action: str, principal: Principal, *, own: bool, by_account: bool) -> Decision:
    kind = "identity-based" if own or not by_account else "resource-based"
    return Decision(False, f"because no {kind} policy allows the {action} action")


def refusal_message(principal: Principal, action: str, arn: str, decision: Decision) -> str:
    """Format AWS's message for a principal of the bucket's own account."""
    return (
        f"User: {principal.arn or 'anonymous'} is not authorized to perform: {action} "
        f'on resource: "{arn}" {decision.reason}'
    )
