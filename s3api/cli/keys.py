"""`sixfold key`: key pairs beside the root pair, of accounts and of their users."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from metadata import Metadata
from metadata.errors import NoSuchAccessKey, NoSuchUser
from metadata.records import AccessKey
from s3api.access.key_generation import new_pair
from s3api.access.keys import root_key
from s3api.cli.accounts import the_account
from s3api.cli.options import Config, Data, Database, OfAccount
from s3api.cli.output import out
from s3api.cli.users import no_user
from s3api.settings import Settings, SettingsError, load
from s3api.store import opened_metadata

app = typer.Typer(help="Key pairs: create, list, revoke.", no_args_is_help=True)


@app.command("create")
def create(
    account: OfAccount = None,
    user: Annotated[str | None, typer.Option(help="A user of it [the account itself].")] = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a key pair. The secret is shown this once."""
    pair = asyncio.run(_create(load(config=config, data=data, database=database), account, user))
    out().print(f"access key  {pair.access_key}\nsecret key  {pair.secret_key}", markup=False)


@app.command("list")
def list_keys(config: Config = None, data: Data = None, database: Database = None) -> None:
    """The key pairs, without their secrets."""
    settings = load(config=config, data=data, database=database)
    root, _ = root_key(settings)
    names, keys = asyncio.run(_list(settings))
    table = Table("access key", "state", "created", "account", "user", box=None)
    table.add_row(root.access_key, "root", "", names.get(root.owner, ""), "")
    for key in keys:
        made = datetime.fromtimestamp(key.created_us / 1e6, UTC)
        account = names.get(key.owner, key.owner)
        table.add_row(key.access_key, key.state, f"{made:%Y-%m-%d %H:%M:%S}Z", account, key.user_name or "")
    out().print(table)


@app.command("revoke")
def revoke(
    access_key: Annotated[str, typer.Argument(help="The access key of the pair.")],
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a key pair useless, within seconds in every gateway."""
    settings = load(config=config, data=data, database=database)
    if access_key == root_key(settings)[0].access_key:
        raise SettingsError("the root key pair cannot be revoked: set another one, or delete its file")
    asyncio.run(_revoke(settings, access_key))
    out().print(f"{access_key} is revoked", markup=False)


async def _create(settings: Settings, account: str | None, user: str | None) -> AccessKey:
    async with opened_metadata(settings) as metadata:
        owner = await the_account(metadata, account)
        try:
            name = (await metadata.users.get(owner.id, user)).name if user is not None else None
        except NoSuchUser:
            raise no_user(user or "") from None
        pair = new_pair(owner.id, name)
        await metadata.access_keys.put(pair)
        return pair


async def _list(settings: Settings) -> tuple[dict[str, str], list[AccessKey]]:
    """The names of the accounts by canonical id, and the pairs."""
    async with opened_metadata(settings) as metadata:
        await the_account(metadata, None)
        names = {account.id: account.name for account in await metadata.accounts.list()}
        return names, await metadata.access_keys.list()


async def _revoke(settings: Settings, access_key: str) -> None:
    async with opened_metadata(settings) as metadata:
        await _revoke_in(metadata, access_key)


async def _revoke_in(metadata: Metadata, access_key: str) -> None:
    try:
        await metadata.access_keys.revoke(access_key)
    except NoSuchAccessKey:
        raise SettingsError(f"there is no access key {access_key}") from None
