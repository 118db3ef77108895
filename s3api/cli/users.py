"""`sixfold user` and `sixfold policy`: an account's users and their permissions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metadata.errors import NoSuchUser, UserExists, UserInUse
from metadata.ids import now_us
from s3api.cli.lazy import new_app
from s3api.cli.options import AsJson, OfAccount, of_store
from s3api.cli.output import new_table, out
from s3api.cli.with_metadata import find_account, with_metadata
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.records import AccessKey, IamUser

app = new_app("Users of an account: create, list, delete.")
policies = new_app("Policies of a user: put, list, show, delete.")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH = re.compile(r"/|/[!-~]{1,510}/")

UserName = Annotated[str, typer.Argument(help="Name of the user.")]
PolicyName = Annotated[str, typer.Argument(help="Name of the policy.")]


@app.command("create")
@of_store
def create(
    settings: Settings,
    name: UserName,
    account: OfAccount = None,
    path: Annotated[str, typer.Option(help="Path in the user's ARN, for instance /team/.")] = "/",
    as_json: AsJson = False,
) -> None:
    """Create a user with a key pair. The user may do nothing until a policy allows it."""
    from s3api.iam.api import user_arn

    if not _NAME.fullmatch(name) or not _PATH.fullmatch(path):
        raise SettingsError("a user's name has letters, digits and _+=,.@-; a path begins and ends with /")
    number, key = with_metadata(settings, lambda metadata: _create(metadata, account, name, path))
    arn = user_arn(number, path, name)
    if as_json:
        shown = {"arn": arn, "access_key": key.access_key, "secret_key": key.secret_key}
        out().print(json.dumps(shown), markup=False)
        return
    out().print(
        f"user        {arn}\naccess key  {key.access_key}\nsecret key  {key.secret_key}", markup=False
    )


@app.command("list")
@of_store
def list_users(settings: Settings, account: OfAccount = None) -> None:
    """List the users of an account."""
    from s3api.iam.api import user_arn

    number, users = with_metadata(settings, lambda metadata: _list(metadata, account))
    table = new_table("user", "arn", "id")
    for user in users:
        table.add_row(user.name, user_arn(number, user.path, user.name), user.id)
    out().print(table)


@app.command("delete")
@of_store
def delete(settings: Settings, name: UserName, account: OfAccount = None) -> None:
    """Delete a user with its key pairs and policies."""
    with_metadata(settings, lambda metadata: _delete(metadata, account, name))
    out().print(f"{name} is deleted", markup=False)


@policies.command("put")
@of_store
def put_policy(
    settings: Settings,
    user: UserName,
    name: PolicyName,
    file: Annotated[
        Path, typer.Argument(help="JSON file of the policy; - for standard input.", allow_dash=True)
    ],
    account: OfAccount = None,
) -> None:
    """Add a policy to a user, or replace the one of that name."""
    from s3api.access.policy import PolicyError, read_user_policy

    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
        read_user_policy(text)
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{file} cannot be read: {why}") from None
    except PolicyError as why:
        raise SettingsError(f"{file}: {why}") from None
    with_metadata(settings, lambda metadata: _put_policy(metadata, account, user, name, text))
    out().print(f"{user} has the policy {name}", markup=False)


@policies.command("list")
@of_store
def list_policies(settings: Settings, user: UserName, account: OfAccount = None) -> None:
    """List the names of a user's policies."""
    for name, _ in with_metadata(settings, lambda metadata: _policies(metadata, account, user)):
        out().print(name, markup=False)


@policies.command("show")
@of_store
def show_policy(settings: Settings, user: UserName, name: PolicyName, account: OfAccount = None) -> None:
    """Print a policy."""
    found = with_metadata(settings, lambda metadata: _policies(metadata, account, user))
    text = dict(found).get(name)
    if text is None:
        raise SettingsError(f"{user} has no policy {name}")
    out().print(text, markup=False)


@policies.command("delete")
@of_store
def delete_policy(settings: Settings, user: UserName, name: PolicyName, account: OfAccount = None) -> None:
    """Delete a policy of a user."""
    if not with_metadata(settings, lambda metadata: _delete_policy(metadata, account, user, name)):
        raise SettingsError(f"{user} has no policy {name}")
    out().print(f"the policy {name} of {user} is deleted", markup=False)


async def _create(metadata: Metadata, account: str | None, name: str, path: str) -> tuple[str, AccessKey]:
    from metadata.records import IamUser
    from s3api.access.key_generation import new_key_pair
    from s3api.iam.api import new_user_id

    owner = await find_account(metadata, account)
    try:
        await metadata.users.create(IamUser(owner.id, name, new_user_id(), path, now_us()))
    except UserExists:
        raise SettingsError(f"there is a user {name} already") from None
    key = new_key_pair(owner.id, name)
    await metadata.access_keys.put(key)
    return owner.number, key


async def _list(metadata: Metadata, account: str | None) -> tuple[str, list[IamUser]]:
    owner = await find_account(metadata, account)
    return owner.number, await metadata.users.list(owner.id)


async def _delete(metadata: Metadata, account: str | None, name: str) -> None:
    owner = await find_account(metadata, account)
    try:
        user = await metadata.users.get(owner.id, name)
        for key in await metadata.access_keys.of_user(owner.id, user.name):
            await metadata.access_keys.delete(key.access_key)
        for policy, _ in await metadata.users.policies(owner.id, user.name):
            await metadata.users.delete_policy(owner.id, user.name, policy)
        await metadata.users.delete(owner.id, user.name)
    except NoSuchUser:
        raise SettingsError(f"there is no user {name}") from None
    except UserInUse:
        raise SettingsError(f"{name} was given a key or a policy meanwhile: try again") from None


async def _put_policy(metadata: Metadata, account: str | None, user: str, name: str, text: str) -> None:
    owner = await find_account(metadata, account)
    try:
        await metadata.users.put_policy(owner.id, user, name, text)
    except NoSuchUser:
        raise SettingsError(f"there is no user {user}") from None


async def _policies(metadata: Metadata, account: str | None, user: str) -> list[tuple[str, str]]:
    owner = await find_account(metadata, account)
    try:
        found = await metadata.users.get(owner.id, user)
    except NoSuchUser:
        raise SettingsError(f"there is no user {user}") from None
    return await metadata.users.policies(owner.id, found.name)


async def _delete_policy(metadata: Metadata, account: str | None, user: str, name: str) -> bool:
    owner = await find_account(metadata, account)
    return await metadata.users.delete_policy(owner.id, user, name)
