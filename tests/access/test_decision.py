"""Access decisions: AWS's documented examples, and each way to be allowed or denied."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3api.access.acl import ALL_USERS, AUTHENTICATED_USERS, Grant, canned
from s3api.access.caller import ANONYMOUS, Caller
from s3api.access.context import ConditionContext
from s3api.access.decision import (
    FULL_BLOCK,
    NO_BLOCK,
    BucketRules,
    Decision,
    ObjectRules,
    PublicAccessBlock,
    decide,
    decide_with_write,
    decide_without_bucket,
)
from s3api.access.policy import read_bucket_policy, read_user_policy
from s3api.access.request_context import RequestContext

OWNER, OTHER = "a" * 64, "b" * 64
ROOT = Caller(OWNER, "111122223333")
STRANGER = Caller(OTHER, "444455556666")
BUCKET = "amzn-s3-demo-bucket"
ARN = f"arn:aws:s3:::{BUCKET}"
ALLOW_ALL = read_user_policy('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')


def user(*policies: dict[str, Any], account: Caller = ROOT, name: str = "akua") -> Caller:
    texts = [json.dumps({"Version": "2012-10-17", "Statement": [policy]}) for policy in policies]
    read = tuple((f"p{at}", read_user_policy(text)) for at, text in enumerate(texts))
    return Caller(account.account, account.number, name, "/", "AIDA" + name.upper(), policies=read)


def statement(action: Any, resource: Any = f"{ARN}/*", principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


def bucket_rules(*statements: dict[str, Any], **more: Any) -> BucketRules:
    policy = None
    if statements:
        policy = read_bucket_policy(
            json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), BUCKET
        )
    return BucketRules(BUCKET, OWNER, policy, **{"block": NO_BLOCK, **more})


def ask(
    principal: Caller,
    action: str,
    rules: BucketRules,
    key: str | None = "key",
    *,
    object_rules: ObjectRules | None = None,
    operation: str = "GetObject",
    **said: Any,
) -> Decision:
    headers, query = said.pop("headers", {}), said.pop("query", {})
    names = ("region", "bucket_owner_number", "existing_tags", "document", "overrides")
    more = {name: said.pop(name) for name in names if name in said}
    request = RequestContext("R", operation, BUCKET, headers, query, 1_750_000_000_000_000, **said)
    context = ConditionContext(principal, request, **more)
    return decide(principal, f"s3:{action}", rules, key, context.get, object_rules=object_rules)


def may(*arguments: Any, **more: Any) -> bool:
    return ask(*arguments, **more).allowed


def test_a_plain_bucket_is_its_accounts_alone() -> None:
    assert may(ROOT, "GetObject", bucket_rules())
    assert may(
        user({"Effect": "Allow", "Action": "s3:Get*", "Resource": f"{ARN}/*"}), "GetObject", bucket_rules()
    )
    assert not may(user(), "GetObject", bucket_rules())
    assert not may(STRANGER, "GetObject", bucket_rules())
    assert not may(ANONYMOUS, "GetObject", bucket_rules())


def test_a_deny_of_the_bucket_binds_its_root_but_for_the_policy_itself() -> None:
    rules = bucket_rules(statement("s3:*", [ARN, f"{ARN}/*"], Effect="Deny", Sid="no"))
    refusal = ask(ROOT, "GetObject", rules)
    assert (refusal.allowed, refusal.statement) == (False, 'bucket policy, statement "no"')
    assert may(ROOT, "PutBucketPolicy", rules, None)
    assert not may(user({"Effect": "Allow", "Action": "*", "Resource": "*"}), "PutBucketPolicy", rules, None)


def test_a_users_deny_wins_over_every_allow() -> None:
    denied = user(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{ARN}/secret*"},
    )
    assert may(denied, "GetObject", bucket_rules(statement("s3:GetObject")), "open")
    refusal = ask(denied, "GetObject", bucket_rules(statement("s3:GetObject")), "secret")
    assert refusal == Decision(
        False,
        "with an explicit deny in an identity-based policy",
        "user policy p1, statement number 1",
        by_deny=True,
    )


def test_within_the_account_one_of_both_is_enough_if_it_names_the_user() -> None:
    one = user()
    assert may(one, "GetObject", bucket_rules(statement("s3:GetObject", principal={"AWS": one.arn})))
    assert may(one, "GetObject", bucket_rules(statement("s3:GetObject")))
    assert not may(
        one, "GetObject", bucket_rules(statement("s3:GetObject", principal={"AWS": "111122223333"}))
    )
    other = user(name="bob")
    assert not may(other, "GetObject", bucket_rules(statement("s3:GetObject", principal={"AWS": one.arn})))


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": "444455556666"},
        {"AWS": "arn:aws:iam::444455556666:root"},
        {"CanonicalUser": OTHER},
    ],
)
def test_across_accounts_both_are_needed(principal: Any) -> None:
    rules = bucket_rules(statement("s3:GetObject", principal=principal))
    assert may(STRANGER, "GetObject", rules)
    assert not may(user(account=STRANGER), "GetObject", rules)
    allowed = user({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, account=STRANGER)
    assert may(allowed, "GetObject", rules)
    assert not may(allowed, "GetObject", bucket_rules())
    assert may(ANONYMOUS, "GetObject", rules) is (principal in ("*", {"AWS": "*"}))


def test_not_principal_spares_those_it_names() -> None:
    deny = {**statement("s3:*", [ARN, f"{ARN}/*"]), "Effect": "Deny"}
    deny["NotPrincipal"] = {"AWS": ["arn:aws:iam::111122223333:root"]}
    del deny["Principal"]
    rules = bucket_rules(deny, statement("s3:GetObject"))
    assert may(ROOT, "GetObject", rules)
    assert not may(STRANGER, "GetObject", rules)
    assert not may(ANONYMOUS, "GetObject", rules)


def test_not_action_and_not_resource() -> None:
    rules = bucket_rules(
        {
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": ["s3:GetObject", "s3:ListBucket"],
            "NotResource": [f"{ARN}/free/*"],
        }
    )
    assert may(ROOT, "GetObject", rules)
    assert not may(ROOT, "PutObject", rules)
    assert may(ROOT, "PutObject", rules, "free/x")


# --- AWS's documented examples (User Guide, "Examples of Amazon S3 bucket policies") -----------------------


def test_example_require_https() -> None:
    deny = statement(
        "s3:*", [ARN, f"{ARN}/*"], Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}
    )
    assert may(ROOT, "GetObject", bucket_rules(deny), secure=True)
    assert not may(ROOT, "GetObject", bucket_rules(deny), secure=False)


def test_example_specific_addresses() -> None:
    deny = statement(
        "s3:*",
        [ARN, f"{ARN}/*"],
        Effect="Deny",
        Condition={"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:DB8:1234:5678::/64"]}},
    )
    assert may(ROOT, "GetObject", bucket_rules(deny), source_ip="192.0.2.9")
    assert not may(ROOT, "GetObject", bucket_rules(deny), source_ip="198.51.100.1")


def test_example_referer() -> None:
    allow = statement(
        ["s3:GetObject", "s3:GetObjectVersion"],
        Condition={"StringLike": {"aws:Referer": ["http://www.example.com/*", "http://example.com/*"]}},
    )
    assert may(ANONYMOUS, "GetObject", bucket_rules(allow), headers={"referer": "http://www.example.com/a"})
    assert not may(ANONYMOUS, "GetObject", bucket_rules(allow), headers={"referer": "http://evil.example/"})
    assert not may(ANONYMOUS, "GetObject", bucket_rules(allow))


def test_example_bucket_owner_full_control() -> None:
    allow = statement(
        "s3:PutObject",
        principal={"AWS": "arn:aws:iam::444455556666:root"},
        Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
    )
    put = {"operation": "PutObject"}
    assert may(
        STRANGER, "PutObject", bucket_rules(allow), headers={"x-amz-acl": "bucket-owner-full-control"}, **put
    )
    assert not may(STRANGER, "PutObject", bucket_rules(allow), headers={"x-amz-acl": "private"}, **put)
    assert not may(STRANGER, "PutObject", bucket_rules(allow), **put)


def test_example_encryption_required() -> None:
    deny = statement(
        "s3:PutObject", Effect="Deny", Condition={"Null": {"s3:x-amz-server-side-encryption": "true"}}
    )
    assert may(ROOT, "PutObject", bucket_rules(deny), headers={"x-amz-server-side-encryption": "AES256"})
    assert not may(ROOT, "PutObject", bucket_rules(deny))


def test_example_own_folder() -> None:
    """Allow users to access a personal folder: variables in a user's policy."""
    david = user(
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": ARN,
            "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
        },
        {"Effect": "Allow", "Action": "s3:*", "Resource": f"{ARN}/home/${{aws:username}}/*"},
        name="david",
    )
    assert may(david, "PutObject", bucket_rules(), "home/david/x")
    assert not may(david, "PutObject", bucket_rules(), "home/bob/x")
    assert may(david, "ListBucket", bucket_rules(), None, query={"prefix": "home/david/2026"})
    assert may(david, "ListBucket", bucket_rules(), None, query={"prefix": ""})
    assert not may(david, "ListBucket", bucket_rules(), None, query={"prefix": "home/bob/"})
    assert not may(david, "ListBucket", bucket_rules(), None)


def test_example_max_keys() -> None:
    allow = statement("s3:ListBucket", ARN, Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})
    assert may(STRANGER, "ListBucket", bucket_rules(allow), None, query={"max-keys": "10"})
    assert not may(STRANGER, "ListBucket", bucket_rules(allow), None, query={"max-keys": "11"})


def test_example_copy_source() -> None:
    allow = statement("s3:PutObject", Condition={"StringLike": {"s3:x-amz-copy-source": "source/public/*"}})
    for header in ("source/public/a%20b", "/source/public/a", "source/public/a?versionId=1"):
        assert may(STRANGER, "PutObject", bucket_rules(allow), headers={"x-amz-copy-source": header})
    assert not may(
        STRANGER, "PutObject", bucket_rules(allow), headers={"x-amz-copy-source": "source/private/a"}
    )


def test_example_existing_and_request_tags() -> None:
    read = statement(
        "s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/environment": "production"}}
    )
    assert may(STRANGER, "GetObject", bucket_rules(read), existing_tags={"environment": "production"})
    assert not may(STRANGER, "GetObject", bucket_rules(read), existing_tags={"environment": "test"})
    assert not may(STRANGER, "GetObject", bucket_rules(read))
    write = statement(
        "s3:PutObject",
        Condition={"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["Owner", "CreationDate"]}},
    )
    assert may(
        STRANGER, "PutObject", bucket_rules(write), headers={"x-amz-tagging": "Owner=a&CreationDate=b"}
    )
    assert not may(STRANGER, "PutObject", bucket_rules(write), headers={"x-amz-tagging": "Owner=a&Team=b"})


def test_example_conditional_writes() -> None:
    """Multipart's other requests carry no If-None-Match ("Enforce conditional writes")."""
    deny = statement(
        "s3:PutObject",
        Effect="Deny",
        Condition={"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    )
    assert not may(ROOT, "PutObject", bucket_rules(deny), operation="PutObject")
    assert may(ROOT, "PutObject", bucket_rules(deny), operation="PutObject", headers={"if-none-match": "*"})
    assert may(ROOT, "PutObject", bucket_rules(deny), operation="UploadPart")


def test_example_signature_age_and_kind() -> None:
    old = statement("s3:*", Effect="Deny", Condition={"NumericGreaterThan": {"s3:signatureAge": "600000"}})
    signed = {"auth_type": "REST-QUERY-STRING", "signed_at": "20250615T145639Z"}
    assert not may(ROOT, "GetObject", bucket_rules(old), **signed)
    assert may(ROOT, "GetObject", bucket_rules(old), **{**signed, "signed_at": "20250615T145641Z"})
    header = statement("s3:*", Effect="Deny", Condition={"StringNotEquals": {"s3:authType": "REST-HEADER"}})
    assert not may(ROOT, "GetObject", bucket_rules(header), **signed)


def test_example_retention_limits() -> None:
    deny = statement(
        ["s3:PutObject", "s3:PutObjectRetention"],
        Effect="Deny",
        Condition={"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}},
    )
    until = "x-amz-object-lock-retain-until-date"  # now is 2025-06-15T15:06:40Z
    assert may(ROOT, "PutObject", bucket_rules(deny), headers={until: "2025-06-25T00:00:00Z"})
    assert not may(ROOT, "PutObject", bucket_rules(deny), headers={until: "2025-06-30T00:00:00Z"})
    assert may(ROOT, "PutObject", bucket_rules(deny))


def test_principal_keys() -> None:
    one = user({"Effect": "Allow", "Action": "*", "Resource": "*"})
    for key, value in {
        "aws:PrincipalArn": "arn:aws:iam::111122223333:user/akua",
        "aws:userid": "AIDAAKUA",
        "aws:username": "akua",
        "aws:PrincipalType": "User",
        "aws:PrincipalAccount": "111122223333",
        "aws:EpochTime": "1750000000",
        "aws:ResourceAccount": "111122223333",
    }.items():
        deny = statement("s3:*", Effect="Deny", Condition={"StringNotEquals": {key: value}})
        assert may(one, "GetObject", bucket_rules(deny), bucket_owner_number="111122223333"), key
    late = statement(
        "s3:*", Effect="Deny", Condition={"DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}}
    )
    assert not may(one, "GetObject", bucket_rules(late))


# --- ACLs --------------------------------------------------------------------------------------------------


def writers(**more: Any) -> BucketRules:
    return bucket_rules(ownership="ObjectWriter", **more)


def test_canned_acls_of_buckets() -> None:
    public = writers(acl=canned("public-read", OWNER, OWNER))
    assert may(ANONYMOUS, "ListBucket", public, None)
    assert not may(ANONYMOUS, "PutObject", public)
    both = writers(acl=canned("public-read-write", OWNER, OWNER))
    assert may(ANONYMOUS, "PutObject", both)
    assert may(ANONYMOUS, "DeleteObject", both)
    assert not may(ANONYMOUS, "GetBucketAcl", both, None)
    signed = writers(acl=canned("authenticated-read", OWNER, OWNER))
    assert may(STRANGER, "ListBucket", signed, None)
    assert not may(ANONYMOUS, "ListBucket", signed, None)


def test_acls_are_off_where_the_bucket_owner_is_enforced() -> None:
    assert not may(ANONYMOUS, "ListBucket", bucket_rules(acl=canned("public-read", OWNER, OWNER)), None)
    open_object = ObjectRules(OWNER, (Grant(ALL_USERS, "READ"),))
    assert not may(ANONYMOUS, "GetObject", bucket_rules(), object_rules=open_object)
    assert may(ROOT, "GetObject", bucket_rules(), object_rules=ObjectRules(OTHER))


def test_an_objects_acl() -> None:
    assert may(
        ANONYMOUS, "GetObject", writers(), object_rules=ObjectRules(OWNER, (Grant(ALL_USERS, "READ"),))
    )
    assert not may(
        ANONYMOUS, "GetObjectAcl", writers(), object_rules=ObjectRules(OWNER, (Grant(ALL_USERS, "READ"),))
    )
    assert not may(STRANGER, "GetObject", writers(), object_rules=ObjectRules(OWNER))
    assert may(
        STRANGER, "PutObjectAcl", writers(), object_rules=ObjectRules(OWNER, (Grant(OTHER, "FULL_CONTROL"),))
    )
    assert not may(
        STRANGER,
        "GetObjectTagging",
        writers(),
        object_rules=ObjectRules(OWNER, (Grant(OTHER, "FULL_CONTROL"),)),
    )


def test_an_object_of_another_account_is_not_the_bucket_owners_to_read() -> None:
    theirs = ObjectRules(OTHER)
    assert not may(ROOT, "GetObject", writers(), object_rules=theirs)
    assert not may(ROOT, "GetObjectAcl", writers(), object_rules=theirs)
    assert may(ROOT, "DeleteObject", writers(), object_rules=theirs)
    assert may(STRANGER, "GetObject", writers(), object_rules=theirs)
    assert not may(STRANGER, "PutObjectTagging", writers(), object_rules=theirs)
    assert may(ROOT, "PutObjectTagging", writers(), object_rules=theirs)
    shared = ObjectRules(OTHER, canned("bucket-owner-read", OTHER, OWNER))
    assert may(ROOT, "GetObject", writers(), object_rules=shared)
    assert not may(ROOT, "PutObjectAcl", writers(), object_rules=shared)


def test_the_buckets_policy_gives_no_object_of_others_away_but_denies_it() -> None:
    open_policy = bucket_rules(statement("s3:GetObject"), ownership="ObjectWriter")
    assert may(ANONYMOUS, "GetObject", open_policy, object_rules=ObjectRules(OWNER))
    assert not may(ANONYMOUS, "GetObject", open_policy, object_rules=ObjectRules(OTHER))
    closed = bucket_rules(statement("s3:GetObject", Effect="Deny"), ownership="ObjectWriter")
    assert not may(STRANGER, "GetObject", closed, object_rules=ObjectRules(OTHER))


def test_an_owner_can_always_mend_its_acl() -> None:
    assert may(STRANGER, "PutObjectAcl", writers(), object_rules=ObjectRules(OTHER, ()))
    assert may(STRANGER, "GetObjectAcl", writers(), object_rules=ObjectRules(OTHER, ()))


def test_users_have_what_their_account_was_granted_as_far_as_they_may() -> None:
    shared = writers(acl=(Grant(OTHER, "READ"),))
    assert not may(user(account=STRANGER), "ListBucket", shared, None)
    assert may(
        user({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, account=STRANGER),
        "ListBucket",
        shared,
        None,
    )


# --- public access blocks ----------------------------------------------------------------------------------


def test_ignored_public_grants() -> None:
    block = PublicAccessBlock(ignore_acls=True)
    grants = (Grant(AUTHENTICATED_USERS, "READ"), Grant(ALL_USERS, "READ"), Grant(OTHER, "WRITE"))
    assert not may(STRANGER, "ListBucket", writers(acl=grants, block=block), None)
    assert may(STRANGER, "PutObject", writers(acl=grants, block=block))
    assert not may(ANONYMOUS, "GetObject", writers(block=block), object_rules=ObjectRules(OWNER, grants))


def test_a_restricted_bucket_with_a_public_policy_is_the_accounts_alone() -> None:
    public = statement("s3:GetObject")
    named = statement("s3:ListBucket", ARN, principal={"AWS": "444455556666"})
    restricted = bucket_rules(public, named, block=PublicAccessBlock(restrict=True))
    assert not may(ANONYMOUS, "GetObject", restricted)
    assert not may(STRANGER, "GetObject", restricted)
    assert not may(STRANGER, "ListBucket", restricted, None)
    assert may(user(), "GetObject", restricted)
    assert may(STRANGER, "ListBucket", bucket_rules(named, block=FULL_BLOCK), None)


def test_what_goes_with_a_write() -> None:
    put = statement("s3:PutObject", Condition={"StringEquals": {"s3:x-amz-acl": "public-read"}})

    def beside(principal: Caller, rules: BucketRules) -> bool:
        context = ConditionContext(
            principal, RequestContext("R", "PutObject", BUCKET, {"x-amz-acl": "public-read"}, {}, 0)
        )
        return decide_with_write(principal, "s3:PutObjectAcl", rules, "key", context.get).allowed

    assert beside(STRANGER, bucket_rules(put))
    assert not beside(user({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}), bucket_rules(put))
    assert beside(
        user({"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}, account=STRANGER), bucket_rules(put)
    )
    assert not beside(STRANGER, bucket_rules(put, statement("s3:PutObjectAcl", Effect="Deny")))


def test_services_come_in_by_policy() -> None:
    logger = Caller(service="logging.s3.amazonaws.com")
    allow = statement("s3:PutObject", principal={"Service": "logging.s3.amazonaws.com"})
    assert may(logger, "PutObject", bucket_rules(allow))
    assert not may(logger, "PutObject", bucket_rules())
    assert may(logger, "PutObject", writers(acl=canned("log-delivery-write", OWNER, OWNER)))


def test_what_belongs_to_no_bucket() -> None:
    nothing = ConditionContext(ROOT, RequestContext("R", "ListBuckets", None, {}, {}, 0)).get
    lists = "s3:ListAllMyBuckets"
    assert decide_without_bucket(ROOT, lists, "*", nothing).allowed
    assert not decide_without_bucket(ANONYMOUS, lists, "*", nothing).allowed
    assert not decide_without_bucket(user(), lists, "*", nothing).allowed
    reader = user({"Effect": "Allow", "Action": lists, "Resource": "*"})
    assert decide_without_bucket(reader, lists, "*", nothing).allowed
    barred = user(
        {"Effect": "Allow", "Action": lists, "Resource": "*"},
        {"Effect": "Deny", "Action": lists, "Resource": "arn:aws:s3:::*"},
    )
    assert not decide_without_bucket(barred, lists, "arn:aws:s3:::*", nothing).allowed
