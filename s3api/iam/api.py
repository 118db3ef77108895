"""IAM operations over the users in the metadata store, one async function each, named as in boto3.

Without a UserName most operations act on the caller; for the root user that is the account. User names are
compared without regard to case and keep the case they were created with, as on AWS. Error codes and messages
are AWS's.
https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from metadata.errors import NoSuchAccessKey, NoSuchUser, UserExists, UserInUse
from metadata.records import AccessKey, IamUser
from s3api.access.key_generation import ACTIVE, INACTIVE, new_key_pair
from s3api.access.policy import PolicyError, read_user_policy
from s3api.access.principal import Principal
from s3api.iam.errors import IamError

if TYPE_CHECKING:
    from metadata import Metadata

Output = dict[str, Any]
T = TypeVar("T")

# "IAM and AWS STS quotas".
KEYS_OF_USER, USERS_OF_ACCOUNT, POLICY_CHARACTERS, POLICIES_OF_USER = 2, 5000, 2048, 10
PAGE = 100
_IDS = ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class IamCall:
    """An authorized request. `user`: the existing user that the operation acts on; None for the account's
    root and for operations that act on no existing user."""

    metadata: Metadata
    principal: Principal
    now_us: int
    user: IamUser | None = None

    @property
    def account(self) -> str:
        return self.principal.account

    @property
    def name(self) -> str | None:
        return self.user.name if self.user else None


def new_user_id() -> str:
    """Generate a user ID in AWS's format: AIDA and 17 letters and digits."""
    return "AIDA" + "".join(secrets.choice(_IDS) for _ in range(17))


def user_arn(number: str, path: str, name: str) -> str:
    return f"arn:aws:iam::{number}:user{path}{name}"


# --- users -----------------------------------------------------------------------------------------------


async def create_user(call: IamCall, *, UserName: str, Path: str = "/") -> Output:
    known = await call.metadata.users.list(call.account)
    if any(user.name.lower() == UserName.lower() for user in known):
        raise _user_exists(UserName)
    if len(known) >= USERS_OF_ACCOUNT:
        raise IamError("LimitExceeded", f"Cannot exceed quota for UsersPerAccount: {USERS_OF_ACCOUNT}")
    user = IamUser(call.account, UserName, new_user_id(), Path, call.now_us)
    try:
        await call.metadata.users.create(user)
    except UserExists:
        raise _user_exists(UserName) from None
    return {"User": _describe_user(call, user)}


async def get_user(call: IamCall, *, UserName: str | None = None) -> Output:
    if call.user is not None:
        return {"User": _describe_user(call, call.user)}
    principal = call.principal
    account = await call.metadata.accounts.get(principal.account)
    root = {"UserId": principal.number, "Arn": principal.arn, "CreateDate": account.created_us, "Path": "/"}
    return {"User": {**root, "UserName": account.name}}


async def list_users(
    call: IamCall, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    found = [
        user for user in await call.metadata.users.list(call.account) if user.path.startswith(PathPrefix)
    ]
    found.sort(key=lambda user: user.name.lower())
    page, more = paginate(found, lambda user: user.name.lower(), Marker, MaxItems)
    return {"Users": [_describe_user(call, user) for user in page], **more}


async def update_user(
    call: IamCall, *, UserName: str, NewUserName: str | None = None, NewPath: str | None = None
) -> Output:
    user = require_user(call, UserName)
    name = NewUserName or user.name
    if name.lower() != user.name.lower():
        known = await call.metadata.users.list(call.account)
        if any(other.name.lower() == name.lower() for other in known):
            raise _user_exists(name)
    try:
        await call.metadata.users.rename(call.account, user.name, name=name, path=NewPath or user.path)
    except UserExists:
        raise _user_exists(name) from None
    except NoSuchUser:
        raise no_such_user(UserName) from None
    return {}


async def delete_user(call: IamCall, *, UserName: str) -> Output:
    try:
        await call.metadata.users.delete(call.account, require_user(call, UserName).name)
    except UserInUse as used:
        inline = used.by != "policies" or await _inline_policies(call, require_user(call, UserName).name)
        what = f"delete {used.by}" if inline else "detach all policies"
        raise IamError("DeleteConflict", f"Cannot delete entity, must {what} first.") from None
    except NoSuchUser:
        raise no_such_user(UserName) from None
    return {}


# --- keys ------------------------------------------------------------------------------------------------


async def create_access_key(call: IamCall, *, UserName: str | None = None) -> Output:
    keys = await call.metadata.access_keys.of_user(call.account, call.name)
    if call.name is not None and len(keys) >= KEYS_OF_USER:
        raise IamError("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {KEYS_OF_USER}")
    pair = new_key_pair(call.account, call.name)
    await call.metadata.access_keys.put(pair)
    return {"AccessKey": {**_describe_key(pair), "SecretAccessKey": pair.secret_key}}


async def list_access_keys(
    call: IamCall, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    keys = await call.metadata.access_keys.of_user(call.account, call.name)
    page, more = paginate(keys, lambda key: key.access_key, Marker, MaxItems)
    return {"AccessKeyMetadata": [_describe_key(key) for key in page], **more}


async def update_access_key(
    call: IamCall, *, AccessKeyId: str, Status: str, UserName: str | None = None
) -> Output:
    if Status not in ("Active", "Inactive"):
        raise IamError("ValidationError", f"A key cannot be made {Status}.")
    await _check_key_belongs_to_user(call, AccessKeyId)
    try:
        await call.metadata.access_keys.set_state(
            AccessKeyId, state=ACTIVE if Status == "Active" else INACTIVE
        )
    except NoSuchAccessKey:
        raise _no_such_key(AccessKeyId) from None
    return {}


async def delete_access_key(call: IamCall, *, AccessKeyId: str, UserName: str | None = None) -> Output:
    await _check_key_belongs_to_user(call, AccessKeyId)
    try:
        await call.metadata.access_keys.delete(AccessKeyId)
    except NoSuchAccessKey:
        raise _no_such_key(AccessKeyId) from None
    return {}


# --- policies --------------------------------------------------------------------------------------------


async def put_user_policy(call: IamCall, *, UserName: str, PolicyName: str, PolicyDocument: str) -> Output:
    user = require_user(call, UserName)
    try:
        read_user_policy(PolicyDocument)
    except PolicyError as why:
        raise IamError("MalformedPolicyDocument", str(why)) from None
    others = await _inline_policies(call, user.name)
    texts = [text for name, text in others if name != PolicyName] + [PolicyDocument]
    if sum(len("".join(text.split())) for text in texts) > POLICY_CHARACTERS:
        raise IamError(
            "LimitExceeded",
            f"Maximum policy size of {POLICY_CHARACTERS} bytes exceeded for user {user.name}",
        )
    try:
        await call.metadata.users.put_policy(call.account, user.name, PolicyName, PolicyDocument)
    except NoSuchUser:
        raise no_such_user(UserName) from None
    return {}


async def get_user_policy(call: IamCall, *, UserName: str, PolicyName: str) -> Output:
    user = require_user(call, UserName)
    documents = dict(await _inline_policies(call, user.name))
    if PolicyName not in documents:
        raise _no_such_policy(user.name, PolicyName)
    return {
        "UserName": user.name,
        "PolicyName": PolicyName,
        "PolicyDocument": quote(documents[PolicyName], safe=""),  # RFC 3986, as IAM returns documents
    }


async def list_user_policies(
    call: IamCall, *, UserName: str, Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    user = require_user(call, UserName)
    names = [name for name, _ in await _inline_policies(call, user.name)]
    page, more = paginate(names, str, Marker, MaxItems)
    return {"PolicyNames": page, **more}


async def delete_user_policy(call: IamCall, *, UserName: str, PolicyName: str) -> Output:
    user = require_user(call, UserName)
    if not await call.metadata.users.delete_policy(call.account, user.name, PolicyName):
        raise _no_such_policy(user.name, PolicyName)
    return {}


async def get_account_summary(call: IamCall) -> Output:
    """Count users and quotas. Groups, roles and policies are not implemented and count zero."""
    users = await call.metadata.users.list(call.account)
    return {
        "SummaryMap": {
            "Users": len(users),
            "UsersQuota": USERS_OF_ACCOUNT,
            "Groups": 0,
            "GroupsQuota": 0,
            "Roles": 0,
            "Policies": 0,
            "AttachedPoliciesPerUserQuota": POLICIES_OF_USER,
            "AccessKeysPerUserQuota": KEYS_OF_USER,
            "UserPolicySizeQuota": POLICY_CHARACTERS,
            "AccountAccessKeysPresent": 1,
        }
    }


# --- kinds that are not implemented: always empty lists --------------------------------------------------


async def list_groups_for_user(
    call: IamCall, *, UserName: str, Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    return {"Groups": [], "IsTruncated": False}


async def list_groups(
    call: IamCall, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    return {"Groups": [], "IsTruncated": False}


async def list_roles(
    call: IamCall, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int = PAGE
) -> Output:
    return {"Roles": [], "IsTruncated": False}


async def list_open_id_connect_providers(call: IamCall) -> Output:
    return {"OpenIDConnectProviderList": []}


# --- helpers ---------------------------------------------------------------------------------------------


def _describe_user(call: IamCall, user: IamUser) -> Output:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user_arn(call.principal.number, user.path, user.name),
        "CreateDate": user.created_us,
    }


def _describe_key(key: AccessKey) -> Output:
    return {
        "UserName": key.user_name or "",
        "AccessKeyId": key.access_key,
        "Status": "Active" if key.state == ACTIVE else "Inactive",
        "CreateDate": key.created_us,
    }


async def _inline_policies(call: IamCall, user: str) -> list[tuple[str, str]]:
    """List the names and documents of a user's inline policies. Attached managed policies, whose names are
    ARNs, are left out."""
    return [each for each in await call.metadata.users.policies(call.account, user) if ":" not in each[0]]


async def _check_key_belongs_to_user(call: IamCall, access_key: str) -> None:
    keys = await call.metadata.access_keys.of_user(call.account, call.name)
    if all(key.access_key != access_key for key in keys):
        raise _no_such_key(access_key)


def require_user(call: IamCall, name: str) -> IamUser:
    if call.user is None:
        raise no_such_user(name)
    return call.user


def paginate(
    found: Sequence[T], name: Callable[[T], str], marker: str | None, limit: int
) -> tuple[list[T], Output]:
    """Return the items after `marker` (the last name of the previous page) and the pagination fields
    IsTruncated and Marker. `found` is sorted by name."""
    rest = [one for one in found if marker is None or name(one) > marker]
    page = rest[:limit]
    if len(rest) <= limit:
        return page, {"IsTruncated": False}
    return page, {"IsTruncated": True, "Marker": name(page[-1])}


def no_such_user(name: str) -> IamError:
    return IamError("NoSuchEntity", f"The user with name {name} cannot be found.")


def _user_exists(name: str) -> IamError:
    return IamError("EntityAlreadyExists", f"User with name {name} already exists.")


def _no_such_key(access_key: str) -> IamError:
    return IamError("NoSuchEntity", f"The Access Key with id {access_key} cannot be found.")


def _no_such_policy(user: str, name: str) -> IamError:
    return IamError("NoSuchEntity", f"The user policy with name {name} cannot be found for user {user}.")
