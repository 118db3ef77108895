"""`sixfold key`: access keys of accounts and of their users, beside the root key pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from metadata.errors import NoSuchAccessKey, NoSuchUser
from s3api.cli.lazy import new_app
from s3api.cli.options import OfAccount, of_store
from s3api.cli.output import new_table, out, time_text
from s3api.cli.with_metadata import find_account, with_metadata
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.records import AccessKey

app = new_app("Access keys: create, list, revoke.")


@app.command("create")
@of_store
def create(
    settings: Settings,
    account: OfAccount = None,
    user: Annotated[
        str | None, typer.Option(help="A user of the account [default: the account itself].")
    ] = None,
) -> None:
    """Create a key pair. The secret is shown only now."""

    pair = with_metadata(settings, lambda metadata: _create(metadata, account, user))
    out().print(f"access key  {pair.access_key}\nsecret key  {pair.secret_key}", markup=False)


@app.command("list")
@of_store
def list_keys(settings: Settings) -> None:
    """List the access keys, without their secrets."""
    from s3api.access.root_key import root_key

    root, _ = root_key(settings)
    names, keys = with_metadata(settings, _list)
    table = new_table("access key", "state", "created", "account", "user")
    table.add_row(root.access_key, "root", "", names.get(root.owner, ""), "")
    for key in keys:
        account = names.get(key.owner, key.owner)
        table.add_row(
            key.access_key, key.state, time_text(key.created_us / 1e6), account, key.user_name or ""
        )
    out().print(table)


@app.command("revoke")
@of_store
def revoke(
    settings: Settings, access_key: Annotated[str, typer.Argument(help="The access key to revoke.")]
) -> None:
    """Revoke a key pair. Every gateway refuses it within seconds."""
    from s3api.access.root_key import root_key

    if access_key == root_key(settings)[0].access_key:
        raise SettingsError("the root key pair cannot be revoked: set another one, or delete its file")
    try:
        with_metadata(settings, lambda metadata: metadata.access_keys.revoke(access_key))
    except NoSuchAccessKey:
        raise SettingsError(f"there is no access key {access_key}") from None
    out().print(f"{access_key} is revoked", markup=False)


async def _create(metadata: Metadata, account: str | None, user: str | None) -> AccessKey:
    from s3api.access.key_generation import new_key_pair

    owner = await find_account(metadata, account)
    try:
        name = (await metadata.users.get(owner.id, user)).name if user is not None else None
    except NoSuchUser:
        raise SettingsError(f"there is no user {user}") from None
    pair = new_key_pair(owner.id, name)
    await metadata.access_keys.put(pair)
    return pair


async def _list(metadata: Metadata) -> tuple[dict[str, str], list[AccessKey]]:
    """The names of the accounts by canonical ID, and the key pairs."""
    await find_account(metadata, None)
    names = {account.id: account.name for account in await metadata.accounts.list()}
    return names, await metadata.access_keys.list()
