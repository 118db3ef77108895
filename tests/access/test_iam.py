"""IAM's query API, called by boto3."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.access.people import Person, client, new_user
from tests.gateway_process import GatewayProcess

ALLOW_ALL = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


@contextmanager
def refused(code: str, status: int) -> Iterator[dict[str, Any]]:
    details: dict[str, Any] = {}
    with pytest.raises(ClientError) as caught:
        yield details
    details.update(caught.value.response["Error"])
    assert (details["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


@pytest.fixture
def name() -> str:
    return f"User-{uuid.uuid4().hex[:12]}"


def test_a_user_comes_and_goes(main: Person, name: str) -> None:
    made = main.iam.create_user(UserName=name, Path="/team/")["User"]
    assert (made["UserName"], made["Path"]) == (name, "/team/")
    assert made["UserId"].startswith("AIDA")
    assert made["Arn"].endswith(f":user/team/{name}")
    assert main.iam.get_user(UserName=name.upper())["User"] == made
    with refused("EntityAlreadyExists", 409):
        main.iam.create_user(UserName=name.lower())
    main.iam.delete_user(UserName=name)
    with refused("NoSuchEntity", 404):
        main.iam.get_user(UserName=name)
    with refused("NoSuchEntity", 404):
        main.iam.delete_user(UserName=name)
    assert main.iam.create_user(UserName=name)["User"]["UserId"] != made["UserId"]


def test_the_root_is_itself(main: Person) -> None:
    root = main.iam.get_user()["User"]
    assert root["Arn"] == f"arn:aws:iam::{root['UserId']}:root"
    assert len(root["UserId"]) == 12


def test_users_are_listed_in_pages_below_a_path(main: Person, name: str) -> None:
    path = f"/{name}/"
    for number, below in enumerate(("a/", "", "b/")):
        main.iam.create_user(UserName=f"{name}-{number}", Path=path + below)

    def names(prefix: str, size: int) -> list[str]:
        pages = main.iam.get_paginator("list_users").paginate(
            PathPrefix=prefix, PaginationConfig={"PageSize": size}
        )
        return [user["UserName"] for page in pages for user in page["Users"]]

    for size in (1, 2, 100):
        assert names(path, size) == [f"{name}-{number}" for number in range(3)]
        assert names(path + "a", size) == [f"{name}-0"]
    assert main.iam.list_users(PathPrefix="/nowhere/")["IsTruncated"] is False


def test_a_user_is_renamed_with_all_it_has(main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    main.iam.create_access_key(UserName=name)
    main.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW_ALL)
    main.iam.update_user(UserName=name, NewUserName=f"{name}-new", NewPath="/x/")
    assert main.iam.list_user_policies(UserName=f"{name}-new")["PolicyNames"] == ["p"]
    assert len(main.iam.list_access_keys(UserName=f"{name}-new")["AccessKeyMetadata"]) == 1
    with refused("NoSuchEntity", 404):
        main.iam.list_access_keys(UserName=name)


def test_a_user_with_keys_or_policies_is_kept(main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    key = main.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    main.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW_ALL)
    with refused("DeleteConflict", 409):
        main.iam.delete_user(UserName=name)
    main.iam.delete_access_key(UserName=name, AccessKeyId=key)
    with refused("DeleteConflict", 409) as told:
        main.iam.delete_user(UserName=name)
    assert told["Message"] == "Cannot delete entity, must delete policies first."
    main.iam.delete_user_policy(UserName=name, PolicyName="p")
    main.iam.delete_user(UserName=name)


def test_keys(gateway: GatewayProcess, main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    key = main.iam.create_access_key(UserName=name)["AccessKey"]
    assert (key["UserName"], key["Status"]) == (name, "Active")
    user = client(gateway, "iam", key["AccessKeyId"], key["SecretAccessKey"])
    with refused("AccessDenied", 403) as told:
        user.list_users()
    assert "no identity-based policy allows the iam:ListUsers action" in told["Message"]
    main.iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    (listed,) = main.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert (listed["Status"], listed["CreateDate"]) == ("Inactive", key["CreateDate"])
    with refused("InvalidClientTokenId", 403):
        user.list_users()
    main.iam.create_access_key(UserName=name)
    with refused("LimitExceeded", 409):
        main.iam.create_access_key(UserName=name)
    main.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    with refused("NoSuchEntity", 404):
        main.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    with refused("NoSuchEntity", 404):
        main.iam.update_access_key(UserName="nosuchuser", AccessKeyId="A" * 20, Status="Active")


def test_keys_of_the_root_itself(main: Person, gateway: GatewayProcess) -> None:
    key = main.iam.create_access_key()["AccessKey"]
    listed = main.iam.list_access_keys()["AccessKeyMetadata"]
    assert key["AccessKeyId"] in [one["AccessKeyId"] for one in listed]
    client(gateway, "s3", key["AccessKeyId"], key["SecretAccessKey"]).list_buckets()
    main.iam.delete_access_key(AccessKeyId=key["AccessKeyId"])


def test_policies(main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    main.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    got = main.iam.get_user_policy(UserName=name, PolicyName="p")
    assert (got["UserName"], got["PolicyName"], got["PolicyDocument"]) == (name, "p", document)
    with refused("NoSuchEntity", 404):
        main.iam.get_user_policy(UserName=name, PolicyName="q")
    with refused("NoSuchEntity", 404):
        main.iam.delete_user_policy(UserName=name, PolicyName="q")
    with refused("MalformedPolicyDocument", 400):
        main.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument="{}")
    with refused("ValidationError", 400):
        main.iam.put_user_policy(UserName=name, PolicyName="p" * 129, PolicyDocument=ALLOW_ALL)
    long = json.dumps({"Statement": [{**document["Statement"][0], "Sid": f"s{n}"} for n in range(60)]})  # type: ignore[dict-item]
    with refused("LimitExceeded", 409):
        main.iam.put_user_policy(UserName=name, PolicyName="q", PolicyDocument=long)


def test_a_user_may_what_its_policies_allow(gateway: GatewayProcess, main: Person, name: str) -> None:
    own = {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "arn:aws:iam::*:user/${aws:username}"}
    user = new_user(gateway, main, name, json.dumps({"Version": "2012-10-17", "Statement": own}))
    assert len(user.iam.list_access_keys()["AccessKeyMetadata"]) == 1
    assert len(user.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]) == 1
    main.iam.create_user(UserName=f"{name}-other")
    with refused("AccessDenied", 403):
        user.iam.create_access_key(UserName=f"{name}-other")
    with refused("AccessDenied", 403):
        user.iam.get_user()


def test_accounts_do_not_see_each_others_users(main: Person, alt: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    with refused("NoSuchEntity", 404):
        alt.iam.get_user(UserName=name)
    alt.iam.create_user(UserName=name)
    assert name in [user["UserName"] for user in alt.iam.list_users()["Users"]]


def test_what_is_not_there_is_said(main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    assert main.iam.list_groups()["Groups"] == main.iam.list_roles()["Roles"] == []
    assert main.iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []
    assert main.iam.list_groups_for_user(UserName=name)["Groups"] == []
    assert main.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    with refused("NotImplemented", 501):
        main.iam.create_group(GroupName="g")
    with refused("NotImplemented", 501):
        main.iam.create_user(UserName="x", PermissionsBoundary="arn:aws:iam::aws:policy/x-x-x-x-x")


READ_ONLY, FULL = (f"arn:aws:iam::aws:policy/AmazonS3{kind}Access" for kind in ("ReadOnly", "Full"))


def test_policies_that_aws_manages(gateway: GatewayProcess, main: Person, name: str) -> None:
    for call in (main.iam.attach_user_policy, main.iam.detach_user_policy):
        with refused("NoSuchEntity", 404):
            call(UserName=name, PolicyArn=READ_ONLY)
    with refused("NoSuchEntity", 404):
        main.iam.list_attached_user_policies(UserName=name)
    user = new_user(gateway, main, name)
    main.s3.create_bucket(Bucket=name.lower())
    with refused("AccessDenied", 403):
        user.s3.list_objects_v2(Bucket=name.lower())
    for _ in range(2):
        main.iam.attach_user_policy(UserName=name, PolicyArn=READ_ONLY)
    attached = [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    assert main.iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == attached
    assert main.iam.list_user_policies(UserName=name)["PolicyNames"] == []
    assert user.s3.list_objects_v2(Bucket=name.lower())["KeyCount"] == 0
    with refused("AccessDenied", 403):
        user.s3.put_object(Bucket=name.lower(), Key="k")
    main.iam.attach_user_policy(UserName=name, PolicyArn=FULL)
    user.s3.put_object(Bucket=name.lower(), Key="k")
    main.iam.detach_user_policy(UserName=name, PolicyArn=FULL)
    with refused("NoSuchEntity", 404):
        main.iam.detach_user_policy(UserName=name, PolicyArn=FULL)
    with refused("AccessDenied", 403):
        user.s3.delete_object(Bucket=name.lower(), Key="k")


def test_who_has_an_attached_policy_is_not_deleted(main: Person, name: str) -> None:
    main.iam.create_user(UserName=name)
    main.iam.attach_user_policy(UserName=name, PolicyArn=FULL)
    with refused("DeleteConflict", 409) as told:
        main.iam.delete_user(UserName=name)
    assert told["Message"] == "Cannot delete entity, must detach all policies first."
    main.iam.detach_user_policy(UserName=name, PolicyArn=FULL)
    main.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=ALLOW_ALL)
    with refused("DeleteConflict", 409) as told:
        main.iam.delete_user(UserName=name)
    assert told["Message"] == "Cannot delete entity, must delete policies first."


def test_what_a_managed_policy_says(main: Person, name: str) -> None:
    known = {policy["PolicyName"]: policy for policy in main.iam.list_policies()["Policies"]}
    assert {"AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AdministratorAccess"} <= known.keys()
    assert main.iam.list_policies(Scope="Local")["Policies"] == []
    policy = main.iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
    assert policy == known["AmazonS3ReadOnlyAccess"]
    version = policy["DefaultVersionId"]
    found = main.iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=version)["PolicyVersion"]
    assert found["Document"]["Statement"][0]["Action"][:2] == ["s3:Get*", "s3:List*"]
    with refused("NoSuchEntity", 404):
        main.iam.get_policy_version(PolicyArn=READ_ONLY, VersionId="v99")
    for arn in (READ_ONLY + "X", f"arn:aws:iam::123456789012:policy/{name}"):
        with refused("NoSuchEntity", 404):
            main.iam.get_policy(PolicyArn=arn)
    main.iam.create_user(UserName=name)
    with refused("NoSuchEntity", 404):
        main.iam.attach_user_policy(UserName=name, PolicyArn=READ_ONLY + "X")
    with refused("NotImplemented", 501):
        main.iam.create_policy(PolicyName="own", PolicyDocument=ALLOW_ALL)


def test_every_managed_policy_can_be_attached_and_is_understood(
    gateway: GatewayProcess, main: Person, name: str
) -> None:
    user = new_user(gateway, main, name)
    arns = [policy["Arn"] for policy in main.iam.list_policies()["Policies"]]
    for arn in arns:
        main.iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert user.iam.get_user()["User"]["UserName"] == name
    pages = main.iam.get_paginator("list_attached_user_policies").paginate(
        UserName=name, PaginationConfig={"PageSize": 2}
    )
    assert sorted(each["PolicyArn"] for page in pages for each in page["AttachedPolicies"]) == sorted(arns)


def test_a_summary(main: Person) -> None:
    summary = main.iam.get_account_summary()["SummaryMap"]
    assert summary["AccessKeysPerUserQuota"] == 2
    assert summary["Groups"] == 0


def test_forms_that_nobody_signed(gateway: GatewayProcess, nobody: Person) -> None:
    with refused("MissingAuthenticationToken", 403):
        nobody.iam.list_users()
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{gateway.endpoint}/", content=b"Action=ListUsers", headers=form)
    assert (answer.status_code, "MissingAuthenticationToken" in answer.text) == (403, True)
    large = httpx.post(f"{gateway.endpoint}/", content=b"a" * 600_000, headers=form)
    assert large.status_code == 400


def test_a_wrong_secret(gateway: GatewayProcess) -> None:
    with refused("SignatureDoesNotMatch", 403):
        client(gateway, "iam", gateway.access_key, "wrong").list_users()
    with refused("InvalidClientTokenId", 403):
        client(gateway, "iam", "NOBODYNOBODY", "wrong").list_users()
