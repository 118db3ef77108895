"""/api/users: the first account's users, their keys and policies; /api/explain: why a request was denied.

Runs the operations of the IAM endpoint as the account itself, with the same rules and error messages. Needs a
key pair on loopback too, because key pairs are created here.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, Field

from metadata.errors import NoSuchUser
from metadata.ids import now_us
from s3api.access.denials import Denials
from s3api.iam import IamCall, IamError
from s3api.iam import api as iam
from s3api.iam.wire import status_of
from s3api.rest.problem_details import ProblemRoute, Refused
from s3api.store import Store

router = APIRouter(route_class=ProblemRoute, tags=["users"])
explanations = APIRouter(route_class=ProblemRoute, tags=["users"])

_NAME = r"^[\w+=,.@-]+$"
Name = Annotated[str, Path(pattern=_NAME, max_length=64)]
PolicyName = Annotated[str, Path(pattern=_NAME, max_length=128)]


class NewUser(BaseModel):
    name: str = Field(pattern=_NAME, max_length=64, examples=["zoe"])
    path: str = Field("/", pattern=r"^(/|/[!-~]+/)$", max_length=512, examples=["/team/"])


@router.get("", summary="List the users")
async def list_users(request: Request) -> dict[str, Any]:
    found = await _run(request, iam.list_users, None, MaxItems=iam.USERS_OF_ACCOUNT)
    return {"users": [_describe_user(user) for user in found["Users"]]}


@router.post("", status_code=201, summary="Create a user")
async def create_user(request: Request, new: NewUser) -> dict[str, Any]:
    """The new user has no key and no permissions."""
    made = await _run(request, iam.create_user, None, UserName=new.name, Path=new.path)
    return _describe_user(made["User"])


@router.get("/{name}", summary="Get a user")
async def get_user(request: Request, name: Name) -> dict[str, Any]:
    """Includes its keys (without secrets) and the names of its policies."""
    user = await _run(request, iam.get_user, name)
    keys = await _run(request, iam.list_access_keys, name)
    policies = await _run(request, iam.list_user_policies, name, UserName=name)
    return {
        **_describe_user(user["User"]),
        "keys": [{"access_key": k["AccessKeyId"], "status": k["Status"]} for k in keys["AccessKeyMetadata"]],
        "policies": policies["PolicyNames"],
    }


@router.delete("/{name}", status_code=204, summary="Delete a user")
async def delete_user(request: Request, name: Name) -> None:
    """The user must have no keys and no policies."""
    await _run(request, iam.delete_user, name, UserName=name)


@router.post("/{name}/keys", status_code=201, summary="Create a key pair")
async def create_key(request: Request, name: Name) -> dict[str, str]:
    """The secret is returned only here."""
    made = (await _run(request, iam.create_access_key, name))["AccessKey"]
    return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}


@router.delete("/{name}/keys/{access_key}", status_code=204, summary="Delete a key pair")
async def delete_key(request: Request, name: Name, access_key: str) -> None:
    await _run(request, iam.delete_access_key, name, AccessKeyId=access_key)


@router.put("/{name}/policies/{policy}", status_code=204, summary="Put a user's policy")
async def put_policy(
    request: Request, name: Name, policy: PolicyName, document: Annotated[dict[str, Any], Body()]
) -> None:
    text = json.dumps(document)
    await _run(request, iam.put_user_policy, name, UserName=name, PolicyName=policy, PolicyDocument=text)


@router.get("/{name}/policies/{policy}", summary="Get a user's policy")
async def get_policy(request: Request, name: Name, policy: PolicyName) -> Response:
    found = await _run(request, iam.get_user_policy, name, UserName=name, PolicyName=policy)
    return Response(unquote(found["PolicyDocument"]), media_type="application/json")


@router.delete("/{name}/policies/{policy}", status_code=204, summary="Delete a user's policy")
async def delete_policy(request: Request, name: Name, policy: PolicyName) -> None:
    await _run(request, iam.delete_user_policy, name, UserName=name, PolicyName=policy)


@explanations.get("/{request_id}", summary="Explain why a request was denied")
async def explain(request: Request, request_id: str) -> dict[str, Any]:
    """Finds the newest denials of this machine's gateways by the x-amz-request-id of the response."""
    store: Store = request.app.state.store
    found = Denials(store.settings.data).find(request_id.upper())
    if not found:
        raise Refused(404, "NoSuchRequest", "No denial of that request is known.")
    return {"refusals": found}


async def _run(
    request: Request, operation: Callable[..., Awaitable[dict[str, Any]]], name: str | None, **inputs: Any
) -> dict[str, Any]:
    """Run an IAM operation, on the user `name` if given. Raises `Refused`."""
    store: Store = request.app.state.store
    principal = store.keys.root_principal
    try:
        user = await store.metadata.users.get(principal.account, name) if name is not None else None
        call = IamCall(store.metadata, principal, now_us(), user)
        result = await operation(call, **inputs)
    except NoSuchUser:
        raise Refused(404, "NoSuchEntity", f"The user with name {name} cannot be found.") from None
    except IamError as why:
        raise Refused(status_of(why.code), why.code, why.message) from None
    if request.method != "GET":
        store.keys.forget()
    return result


def _describe_user(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": user["UserName"],
        "path": user["Path"],
        "arn": user["Arn"],
        "id": user["UserId"],
        "created_us": user["CreateDate"],
    }
