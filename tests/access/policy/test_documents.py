"""Refused policies, each with AWS's message, and accepted ones."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from s3api.access.policy import PolicyError, read_bucket_policy, read_policy, read_user_policy

ARN = "arn:aws:s3:::photos"
STATEMENT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}


def document(**changes: Any) -> str:
    body = {name: value for name, value in {**STATEMENT, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [body]})


def refused(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        read_bucket_policy(text, "photos")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "This policy contains invalid Json"),
        ('{"Version": NaN}', "This policy contains invalid Json"),
        ('{"Id": "a", "Id": "b"}', "This policy contains invalid Json"),
        ("{" * 100_000, "Policy exceeds the maximum allowed document size."),
        ('{"a":' + "[" * 10_000, "This policy contains invalid Json"),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Statement": "x"}', "Invalid policy syntax."),
        ('{"Version": "2010-10-17", "Statement": []}', "The policy must contain a valid version string"),
        ('{"Foo": 1, "Statement": []}', "Unknown field Foo"),
        (document(Effect=None), "Missing required field Effect"),
        (document(Effect="allow"), "Invalid effect: allow"),
        (document(Principal=None), "Missing required field Principal"),
        (document(Principal="everybody"), "Invalid principal in policy"),
        (document(Principal={"AWS": "bob"}), "Invalid principal in policy"),
        (document(Principal={"AWS": "arn:aws:iam::111122223333:user/*"}), "Invalid principal in policy"),
        (document(Principal={"CanonicalUser": "79a5"}), "Invalid principal in policy"),
        (document(Principal={}), "Invalid principal in policy"),
        (document(NotPrincipal="*"), "Invalid policy syntax."),
        (
            document(Principal=None, NotPrincipal={"AWS": "111122223333"}),
            "Allow with NotPrincipal is not allowed.",
        ),
        (document(Action=None), "Missing required field Action"),
        (document(Action=[]), "Policy has invalid action"),
        (document(Action="GetObject"), "Policy has invalid action"),
        (document(Action="s3:GetObjekt"), "Policy has invalid action"),
        (document(Action="ec2:RunInstances"), "Policy has invalid action"),
        (document(Action="s3:ListBucket"), "Action does not apply to any resource(s) in statement"),
        (document(Action="s3:ListAllMyBuckets"), "Action does not apply to any resource(s) in statement"),
        (document(Resource=ARN), "Action does not apply to any resource(s) in statement"),
        (document(Resource=None), "Missing required field Resource"),
        (document(Resource="*"), "Policy has invalid resource"),
        (document(Resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (document(Resource=[f"{ARN}/*", "arn:aws:s3:::other/*"]), "Policy has invalid resource"),
        (document(Resource={"a": 1}), "Policy has invalid resource"),
        (document(Condition=[]), "Invalid policy syntax."),
        (document(Condition={"StringIs": {"s3:prefix": "a"}}), "Invalid Condition type : StringIs"),
        (document(Condition={"StringEquals": {"s3:nonsense": "a"}}), "Policy has an invalid condition key"),
        (document(Condition={"StringEquals": {"ec2:x": "a"}}), "Policy has an invalid condition key"),
        (
            document(Condition={"StringEquals": {"s3:prefix": "a"}}),
            "Conditions do not apply to combination of actions and resources in statement",
        ),
        (
            document(Condition={"NumericEquals": {"aws:EpochTime": "soon"}}),
            "Policy has an invalid value for condition key aws:EpochTime",
        ),
        (document(Foo="x"), "Unknown field Foo"),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    assert refused(text) == sentence


def test_two_statements_of_a_name() -> None:
    one = {**STATEMENT, "Sid": "a"}
    text = json.dumps({"Statement": [one, one]})
    assert "must be unique" in refused(text)
    assert len(read_policy(text, principals=True, unique_sids=False).statements) == 2


def test_an_action_that_fits_no_resource() -> None:
    text = document(Action="s3:PutObject", Resource=ARN)
    assert "does not apply" in refused(text)
    assert read_bucket_policy(text, "photos", lenient=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "*", "Resource": ARN},
        {"Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]},
        {"Action": "S3:getobject"},
        {"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": [ARN, f"{ARN}/*"]},
        {"Resource": "arn:aws:s3:::*"},
        {"Resource": f"{ARN}/${{aws:username}}/*"},
        {"Action": None, "NotAction": "s3:DeleteObject"},
        {"Action": None, "NotAction": "s3:DeleteObject", "Resource": ARN},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.1.2.3/8"}}},
        {"Resource": None, "NotResource": f"{ARN}/private/*"},
        {"Effect": "Deny", "Principal": None, "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:user/a/bob"]}},
        {"Principal": {"CanonicalUser": "79a59df9" * 8}},
        {"Principal": {"Service": "logging.s3.amazonaws.com"}},
        {"Sid": "Allow Public Access to All Objects"},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": True},
                "NumericLessThan": {"s3:signatureAge": 600000},
            }
        },
    ],
)
def test_taken(changes: dict[str, Any]) -> None:
    assert len(read_bucket_policy(document(**changes), "photos").statements) == 1


def test_one_statement_needs_no_list() -> None:
    assert read_bucket_policy(json.dumps({"Statement": STATEMENT}), "photos").statements


def user(**changes: Any) -> str:
    return document(Principal=None, **changes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (document(), "Policy document should not specify a principal."),
        (user(Sid="a b"), "must be alpha-numeric"),
        (user(Resource="photos/*"), 'Resource photos/* must be in ARN format or "*".'),
        (user(Action="s3:Get Object"), "must be prefaced by a vendor"),
        (user(Resource=None), "Missing required field Resource"),
    ],
)
def test_refusals_of_users_policies(text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_user_policy(text)
    assert sentence in str(caught.value)


def test_a_users_policy_speaks_of_any_service() -> None:
    assert read_user_policy(user(Action=["iam:*", "s3:*", "sqs:SendMessage"], Resource="*"))


def test_a_policy_of_many_actions_is_read_in_no_time() -> None:
    started = time.process_time()
    with pytest.raises(PolicyError):
        read_bucket_policy(document(Action=[f"s3:*{number}" for number in range(1500)]), "photos")
    assert read_bucket_policy(document(Action=["s3:*"] * 2000, Resource=f"{ARN}*"), "photos")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(("field", "name"), [("Action", "action"), ("Resource", "resource")])
def test_lists_hold_text_alone(field: str, name: str) -> None:
    body = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*", field: [1]}
    text = json.dumps({"Version": "2012-10-17", "Statement": body})
    with pytest.raises(PolicyError, match=f"Policy has invalid {name}"):
        read_bucket_policy(text, "b")
