"""`sixfold key`: key pairs beside the root pair. All belong to the one account."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from metadata import Metadata
from metadata.errors import NoSuchAccessKey
from metadata.records import AccessKey
from s3api.cli.options import Config, Data, Database
from s3api.cli.screen import out
from s3api.keys import root_key
from s3api.pairs import new_pair
from s3api.settings import Settings, SettingsError, load
from s3api.store import opened_metadata

app = typer.Typer(help="Key pairs: create, list, revoke.", no_args_is_help=True)


@app.command("create")
def create(config: Config = None, data: Data = None, database: Database = None) -> None:
    """Make a key pair. The secret is shown this once."""
    pair = asyncio.run(_create(load(config=config, data=data, database=database)))
    out().print(f"access key  {pair.access_key}\nsecret key  {pair.secret_key}", markup=False)


@app.command("list")
def list_keys(config: Config = None, data: Data = None, database: Database = None) -> None:
    """The key pairs, without their secrets."""
    settings = load(config=config, data=data, database=database)
    root, _ = root_key(settings)
    table = Table("access key", "state", "created", box=None)
    table.add_row(root.access_key, "root", "")
    for key in asyncio.run(_list(settings)):
        made = datetime.fromtimestamp(key.created_us / 1e6, UTC)
        table.add_row(key.access_key, key.state, f"{made:%Y-%m-%d %H:%M:%S}Z")
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


async def _create(settings: Settings) -> AccessKey:
    async with opened_metadata(settings) as metadata:
        pair = new_pair()
        await metadata.put_access_key(pair)
        return pair


async def _list(settings: Settings) -> list[AccessKey]:
    async with opened_metadata(settings) as metadata:
        return await metadata.access_keys()


async def _revoke(settings: Settings, access_key: str) -> None:
    async with opened_metadata(settings) as metadata:
        await _revoke_in(metadata, access_key)


async def _revoke_in(metadata: Metadata, access_key: str) -> None:
    try:
        await metadata.revoke_access_key(access_key)
    except NoSuchAccessKey:
        raise SettingsError(f"there is no access key {access_key}") from None
