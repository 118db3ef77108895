"""`sixfold user` and `sixfold policy`: an account's users, and what they may."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from metadata.errors import NoSuchUser, UserExists, UserInUse
from metadata.ids import now_us
from metadata.records import AccessKey, IamUser
from s3api.access.key_generation import new_pair
from s3api.access.policy import PolicyError, read_user_policy
from s3api.cli.accounts import the_account
from s3api.cli.options import AsJson, Config, Data, Database, OfAccount
from s3api.cli.output import out
from s3api.iam.api import new_user_id, user_arn
from s3api.settings import Settings, SettingsError, load
from s3api.store import opened_metadata

app = typer.Typer(help="Users of an account: create, list, delete.", no_args_is_help=True)
policies = typer.Typer(help="Policies of a user: put, list, show, delete.", no_args_is_help=True)
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH = re.compile(r"/|/[!-~]{1,510}/")

UserName = Annotated[str, typer.Argument(help="The user's name.")]
PolicyName = Annotated[str, typer.Argument(help="The policy's name.")]


@app.command("create")
def create(
    name: UserName,
    account: OfAccount = None,
    path: Annotated[str, typer.Option(help="Of its ARN, for instance /team/.")] = "/",
    as_json: AsJson = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a user with a key pair. It may do nothing until a policy says so."""
    settings = load(config=config, data=data, database=database)
    if not _NAME.fullmatch(name) or not _PATH.fullmatch(path):
        raise SettingsError("a user's name has letters, digits and _+=,.@-; a path begins and ends with /")
    number, key = asyncio.run(_create(settings, account, name, path))
    arn = user_arn(number, path, name)
    if as_json:
        shown = {"arn": arn, "access_key": key.access_key, "secret_key": key.secret_key}
        out().print(json.dumps(shown), markup=False)
        return
    out().print(
        f"user        {arn}\naccess key  {key.access_key}\nsecret key  {key.secret_key}", markup=False
    )


@app.command("list")
def list_users(
    account: OfAccount = None, config: Config = None, data: Data = None, database: Database = None
) -> None:
    """The users of an account, by name."""
    number, found = asyncio.run(_list(load(config=config, data=data, database=database), account))
    table = Table("user", "arn", "id", box=None)
    for user in found:
        table.add_row(user.name, user_arn(number, user.path, user.name), user.id)
    out().print(table)


@app.command("delete")
def delete(
    name: UserName,
    account: OfAccount = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Delete a user with its key pairs and policies."""
    asyncio.run(_delete(load(config=config, data=data, database=database), account, name))
    out().print(f"{name} is deleted", markup=False)


@policies.command("put")
def put_policy(
    user: UserName,
    name: PolicyName,
    file: Annotated[Path, typer.Argument(help="The policy, JSON; - for standard input.", allow_dash=True)],
    account: OfAccount = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Give a user a policy, or replace the one of that name."""
    settings = load(config=config, data=data, database=database)
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
        read_user_policy(text)
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{file} cannot be read: {why}") from None
    except PolicyError as why:
        raise SettingsError(f"{file}: {why}") from None
    asyncio.run(_put_policy(settings, account, user, name, text))
    out().print(f"{user} has the policy {name}", markup=False)


@policies.command("list")
def list_policies(
    user: UserName,
    account: OfAccount = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """The names of a user's policies."""
    for name, _ in asyncio.run(_policies(load(config=config, data=data, database=database), account, user)):
        out().print(name, markup=False)


@policies.command("show")
def show_policy(
    user: UserName,
    name: PolicyName,
    account: OfAccount = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """A policy as it was given."""
    found = asyncio.run(_policies(load(config=config, data=data, database=database), account, user))
    text = dict(found).get(name)
    if text is None:
        raise SettingsError(f"{user} has no policy {name}")
    out().print(text, markup=False)


@policies.command("delete")
def delete_policy(
    user: UserName,
    name: PolicyName,
    account: OfAccount = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Take a policy away."""
    settings = load(config=config, data=data, database=database)
    if not asyncio.run(_delete_policy(settings, account, user, name)):
        raise SettingsError(f"{user} has no policy {name}")
    out().print(f"{user} has the policy {name} no more", markup=False)


async def _create(settings: Settings, account: str | None, name: str, path: str) -> tuple[str, AccessKey]:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        try:
            await metadata.users.create(IamUser(owner.id, name, new_user_id(), path, now_us()))
        except UserExists:
            raise SettingsError(f"there is a user {name} already") from None
        key = new_pair(owner.id, name)
        await metadata.access_keys.put(key)
        return owner.number, key


async def _list(settings: Settings, account: str | None) -> tuple[str, list[IamUser]]:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        return owner.number, await metadata.users.list(owner.id)


async def _delete(settings: Settings, account: str | None, name: str) -> None:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        try:
            user = await metadata.users.get(owner.id, name)
            for key in await metadata.access_keys.of_user(owner.id, user.name):
                await metadata.access_keys.delete(key.access_key)
            for policy, _ in await metadata.users.policies(owner.id, user.name):
                await metadata.users.delete_policy(owner.id, user.name, policy)
            await metadata.users.delete(owner.id, user.name)
        except NoSuchUser:
            raise no_user(name) from None
        except UserInUse:
            raise SettingsError(f"{name} was given something meanwhile: try again") from None


async def _put_policy(settings: Settings, account: str | None, user: str, name: str, text: str) -> None:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        try:
            await metadata.users.put_policy(owner.id, user, name, text)
        except NoSuchUser:
            raise no_user(user) from None


async def _policies(settings: Settings, account: str | None, user: str) -> list[tuple[str, str]]:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        try:
            found = await metadata.users.get(owner.id, user)
        except NoSuchUser:
            raise no_user(user) from None
        return await metadata.users.policies(owner.id, found.name)


async def _delete_policy(settings: Settings, account: str | None, user: str, name: str) -> bool:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        return await metadata.users.delete_policy(owner.id, user, name)


def no_user(name: str) -> SettingsError:
    return SettingsError(f"there is no user {name}")
