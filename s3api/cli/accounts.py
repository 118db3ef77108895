"""`sixfold account`: the owners of buckets and objects. The root key pair of an account may do everything
with what the account owns.

`sixfold user` and `sixfold policy`, or the IAM endpoint (boto3's `iam` client), manage an account's users.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from metadata.errors import AccountExists, NoSuchAccount
from s3api.cli.lazy import new_app
from s3api.cli.options import AsJson, of_store
from s3api.cli.output import new_table, out
from s3api.cli.with_metadata import find_account, with_metadata
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.records import AccessKey, Account

T = TypeVar("T")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,128}")

app = new_app("Accounts: create, list, rename.")
Email = Annotated[str | None, typer.Option(help="E-mail address, by which ACLs may name the account.")]


@app.command("create")
@of_store
def create(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    email: Email = None,
    canonical_id: Annotated[
        str | None, typer.Option("--id", help="Canonical ID, 64 hex digits [default: random].")
    ] = None,
    access_key: Annotated[str | None, typer.Option(help="Root access key [default: random].")] = None,
    secret_key: Annotated[str | None, typer.Option(help="Secret of the root access key.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create an account and its root key pair. The secret is shown only now."""
    from s3api.access.key_generation import key_pair, new_account, new_key_pair

    if not _NAME.fullmatch(name):
        raise SettingsError("an account's name has 1 to 128 printable characters")
    if canonical_id is not None and not _CANONICAL.fullmatch(canonical_id):
        raise SettingsError("a canonical ID is 64 hex digits in lower case")
    if (access_key is None) is not (secret_key is None):
        raise SettingsError("--access-key and --secret-key must be given together")
    account = new_account(name, email, canonical_id)
    key = (
        key_pair(access_key, secret_key, account.id)
        if access_key and secret_key
        else new_key_pair(account.id)
    )
    _run(settings, lambda metadata: _create(metadata, account, key))
    fields = {
        "canonical id": account.id,
        "account": account.number,
        "access key": key.access_key,
        "secret key": key.secret_key,
    }
    text = json.dumps(fields) if as_json else "\n".join(f"{name:12}  {fields[name]}" for name in fields)
    out().print(text, markup=False)


@app.command("list")
@of_store
def list_accounts(settings: Settings, as_json: AsJson = False) -> None:
    """List the accounts, the first account included."""
    accounts = _run(settings, lambda metadata: metadata.accounts.list())
    if as_json:
        out().print(json.dumps([asdict(account) for account in accounts]), markup=False)
        return
    table = new_table("account", "name", "e-mail", "canonical id")
    for account in accounts:
        table.add_row(account.number, account.name, account.email or "", account.id)
    out().print(table)


@app.command("rename")
@of_store
def rename(
    settings: Settings,
    account: Annotated[str, typer.Argument(help="Number, name, e-mail or canonical ID of the account.")],
    name: Annotated[str, typer.Argument(help="New name.")],
    email: Email = None,
) -> None:
    """Rename an account. Its IDs stay."""
    _run(settings, lambda metadata: _rename(metadata, account, name, email))


async def _create(metadata: Metadata, account: Account, key: AccessKey) -> None:
    await metadata.accounts.create(account)
    await metadata.access_keys.put(key)


async def _rename(metadata: Metadata, text: str, name: str, email: str | None) -> None:
    account = await metadata.accounts.find(text)
    await metadata.accounts.update(account.id, name=name, email=email or account.email)


def _run(settings: Settings, work: Callable[[Metadata], Awaitable[T]]) -> T:
    """Await `work` on the metadata store, with the first account in it. Raises SettingsError."""

    async def prepared(metadata: Metadata) -> T:
        await find_account(metadata, None)
        return await work(metadata)

    try:
        return with_metadata(settings, prepared)
    except AccountExists as other:
        raise SettingsError(f"another account has the name, e-mail or ID {other}") from None
    except NoSuchAccount:
        raise SettingsError("there is no such account") from None
