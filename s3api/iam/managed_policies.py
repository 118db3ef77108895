"""AWS managed policies for S3 and IAM, and their attachment to users.

An attached policy is stored as an inline policy whose name is its ARN. No inline policy can have such a name,
and the evaluation of policies treats both alike. Customer-managed policies (CreatePolicy) are not
implemented, and each policy has one version.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from metadata.errors import NoSuchUser
from s3api.iam.api import PAGE, POLICIES_OF_USER, IamCall, Output, no_such_user, paginate, require_user
from s3api.iam.errors import IamError

PREFIX = "arn:aws:iam::aws:policy/"


def _document(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": actions[0] if len(actions) == 1 else actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


MANAGED: dict[str, tuple[str, str, int, str]] = {
    # name: ID, default version, year of creation, document; the values are AWS's
    "AdministratorAccess": ("ANPAIWMBCKSKIEE64ZLYK", "v1", 2015, _document("*")),
    "AmazonS3FullAccess": ("ANPAIFIR6V6BVTRAHWINE", "v2", 2015, _document("s3:*", "s3-object-lambda:*")),
    "AmazonS3ReadOnlyAccess": (
        "ANPAIZTJ4DXE7G6AGAE6M",
        "v3",
        2015,
        _document("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"),
    ),
    "IAMFullAccess": ("ANPAI7XKCFMBPM3QQRRVQ", "v2", 2015, _document("iam:*")),
    "IAMReadOnlyAccess": ("ANPAJKSO7NDY4T57MWDSQ", "v4", 2015, _document("iam:Get*", "iam:List*")),
}


async def attach_user_policy(call: IamCall, *, UserName: str, PolicyArn: str) -> Output:
    user = require_user(call, UserName)
    _, _, _, document = _find_policy(PolicyArn, f"Policy {PolicyArn} does not exist or is not attachable.")
    there = await _attached_arns(call, user.name)
    if PolicyArn in there:
        return {}
    if len(there) >= POLICIES_OF_USER:
        raise IamError("LimitExceeded", f"Cannot exceed quota for PoliciesPerUser: {POLICIES_OF_USER}")
    try:
        await call.metadata.users.put_policy(call.account, user.name, PolicyArn, document)
    except NoSuchUser:
        raise no_such_user(UserName) from None
    return {}


async def detach_user_policy(call: IamCall, *, UserName: str, PolicyArn: str) -> Output:
    user = require_user(call, UserName)
    is_one = PolicyArn.startswith(PREFIX)  # not the name of an inline policy
    if not is_one or not await call.metadata.users.delete_policy(call.account, user.name, PolicyArn):
        raise IamError("NoSuchEntity", f"Policy {PolicyArn} was not found.")
    return {}


async def list_attached_user_policies(
    call: IamCall, *, UserName: str, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    there = await _attached_arns(call, require_user(call, UserName).name) if PathPrefix == "/" else []
    page, more = paginate(there, str, Marker, MaxItems)
    shown = [{"PolicyName": arn.removeprefix(PREFIX), "PolicyArn": arn} for arn in page]
    return {"AttachedPolicies": shown, **more}


async def get_policy(call: IamCall, *, PolicyArn: str) -> Output:
    _find_policy(PolicyArn, f"Policy {PolicyArn} was not found.")
    return {"Policy": _describe_policy(PolicyArn.removeprefix(PREFIX))}


async def get_policy_version(call: IamCall, *, PolicyArn: str, VersionId: str) -> Output:
    _, version, year, document = _find_policy(PolicyArn, f"Policy {PolicyArn} was not found.")
    if VersionId != version:
        raise IamError("NoSuchEntity", f"Policy {PolicyArn} version {VersionId} does not exist.")
    about = {"VersionId": version, "IsDefaultVersion": True, "CreateDate": _created_us(year)}
    return {"PolicyVersion": {"Document": quote(document, safe=""), **about}}


async def list_policies(
    call: IamCall,
    *,
    Scope: str = "All",
    PathPrefix: str = "/",
    Marker: str | None = None,
    MaxItems: int = PAGE,
) -> Output:
    """List the AWS managed policies in `MANAGED`. An account has no policies of its own."""
    names = sorted(MANAGED) if Scope != "Local" and PathPrefix == "/" else []
    page, more = paginate(names, str, Marker, MaxItems)
    return {"Policies": [_describe_policy(name) for name in page], **more}


async def _attached_arns(call: IamCall, user: str) -> Sequence[str]:
    return [
        name for name, _ in await call.metadata.users.policies(call.account, user) if name.startswith(PREFIX)
    ]


def _find_policy(arn: str, otherwise: str) -> tuple[str, str, int, str]:
    found = MANAGED.get(arn.removeprefix(PREFIX)) if arn.startswith(PREFIX) else None
    if found is None:
        raise IamError("NoSuchEntity", otherwise)
    return found


def _describe_policy(name: str) -> dict[str, Any]:
    policy_id, version, year, _ = MANAGED[name]
    return {
        "PolicyName": name,
        "PolicyId": policy_id,
        "Arn": PREFIX + name,
        "Path": "/",
        "DefaultVersionId": version,
        "IsAttachable": True,
        "CreateDate": _created_us(year),
        "UpdateDate": _created_us(year),
    }


def _created_us(year: int) -> int:
    return int(datetime(year, 2, 6, tzinfo=UTC).timestamp()) * 1_000_000
