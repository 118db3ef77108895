"""`sixfold account`: who owns buckets and objects. Each has a root key pair, which may do all with its own.

Users of an account, and what they may do, are `sixfold user` and `sixfold policy`, or the IAM endpoint
(boto3's `iam` client).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from metadata import Metadata
from metadata.errors import AccountExists, NoSuchAccount
from metadata.records import AccessKey, Account
from s3api.access.key_generation import first_account, new_account, new_pair, pair
from s3api.cli.options import AsJson, Config, Data, Database
from s3api.cli.output import out
from s3api.settings import SettingsError, load
from s3api.store import opened_metadata

T = TypeVar("T")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,128}")

app = typer.Typer(help="Accounts: create, list, rename.", no_args_is_help=True)
Email = Annotated[str | None, typer.Option(help="Its e-mail, by which ACLs may name it.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    email: Email = None,
    canonical_id: Annotated[
        str | None, typer.Option("--id", help="Its canonical id, 64 hex digits [a random one].")
    ] = None,
    access_key: Annotated[str | None, typer.Option(help="Its root access key [a random one].")] = None,
    secret_key: Annotated[str | None, typer.Option(help="The secret of that key.")] = None,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make an account and its root key pair. The secret is shown this once."""
    if not _NAME.fullmatch(name):
        raise SettingsError("an account's name has 1 to 128 printable characters")
    if canonical_id is not None and not _CANONICAL.fullmatch(canonical_id):
        raise SettingsError("a canonical id is 64 hex digits in lower case")
    if (access_key is None) is not (secret_key is None):
        raise SettingsError("an access key and its secret are given together")
    made = new_account(name, email, canonical_id)
    key = pair(access_key, secret_key, made.id) if access_key and secret_key else new_pair(made.id)
    _run(lambda metadata: _create(metadata, made, key), config, data, database)
    told = {
        "canonical id": made.id,
        "account": made.number,
        "access key": key.access_key,
        "secret key": key.secret_key,
    }
    text = json.dumps(told) if as_json else "\n".join(f"{name:12}  {value}" for name, value in told.items())
    out().print(text, markup=False)


@app.command("list")
def list_accounts(
    as_json: AsJson = False, config: Config = None, data: Data = None, database: Database = None
) -> None:
    """The accounts, the first one included."""
    found = _run(lambda metadata: metadata.accounts.list(), config, data, database)
    if as_json:
        out().print(json.dumps([asdict(account) for account in found]), markup=False)
        return
    table = Table("account", "name", "e-mail", "canonical id", box=None)
    for account in found:
        table.add_row(account.number, account.name, account.email or "", account.id)
    out().print(table)


@app.command("rename")
def rename(
    account: Annotated[str, typer.Argument(help="Number, name, e-mail or canonical id.")],
    name: Annotated[str, typer.Argument(help="What it is called from now on.")],
    email: Email = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Change what an account is called; its ids stay."""
    _run(lambda metadata: _rename(metadata, account, name, email), config, data, database)


async def the_account(metadata: Metadata, text: str | None) -> Account:
    """The account of that name, number, e-mail or canonical id; the first one where nothing is said."""
    first = await metadata.accounts.ensure(first_account())
    if text is None:
        return first
    try:
        return await metadata.accounts.find(text)
    except NoSuchAccount:
        raise SettingsError(f"there is no account {text}") from None


async def _create(metadata: Metadata, made: Account, key: AccessKey) -> None:
    await metadata.accounts.create(made)
    await metadata.access_keys.put(key)


async def _rename(metadata: Metadata, which: str, name: str, email: str | None) -> None:
    found = await metadata.accounts.find(which)
    await metadata.accounts.update(found.id, name=name, email=email or found.email)


def _run(work: Callable[[Metadata], Awaitable[T]], config: Config, data: Data, database: Database) -> T:
    """The work over the metadata store that the settings name, the first account in it."""

    async def opened() -> T:
        async with opened_metadata(load(config=config, data=data, database=database)) as metadata:
            await metadata.accounts.ensure(first_account())
            return await work(metadata)

    try:
        return asyncio.run(opened())
    except AccountExists as there:
        raise SettingsError(f"another account is called {there}") from None
    except NoSuchAccount:
        raise SettingsError("there is no such account") from None
