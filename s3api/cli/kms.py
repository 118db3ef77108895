"""`sixfold kms`: the keys that wrap data keys (SSE-S3, SSE-KMS), in the key file.

A running gateway sees a change within a second. Keys are never deleted: what they wrapped would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from s3api.cli.options import Config, Data
from s3api.cli.output import out
from s3api.errors import S3Error
from s3api.kms import KeyFile
from s3api.kms.keyfile import KeyFileError
from s3api.settings import SettingsError, load
from s3api.store import key_file

T = TypeVar("T")

app = typer.Typer(help="Keys of encryption: list, create, rotate, disable.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A key's id, ARN or alias.")]


@app.command("list")
def list_keys(config: Config = None, data: Data = None) -> None:
    """The keys, without their secrets. The first use of the file makes it."""
    table = Table("arn", "aliases", "state", "secrets", "created", box=None)
    for key in _guarded(lambda file: file.all(), config, data):
        made = datetime.fromtimestamp(key.created_s, UTC)
        state = "enabled" if key.enabled else "disabled"
        row = (key.arn, " ".join(key.aliases), state, str(len(key.secrets)), f"{made:%Y-%m-%d %H:%M:%S}Z")
        table.add_row(*row)
    out().print(table)


@app.command("create")
def create(
    id: Annotated[str | None, typer.Option(help="Its id [a random one].")] = None,
    alias: Annotated[str | None, typer.Option(help="A name: alias/...")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a key, for SSE-KMS."""
    key = _guarded(lambda file: file.add(id=id, alias=alias), config, data)
    out().print(key.arn, markup=False)


@app.command("rotate")
def rotate(name: Name, config: Config = None, data: Data = None) -> None:
    """Give a key a new secret, for what is encrypted from now on; the old ones stay, for what is there."""
    key = _guarded(lambda file: file.rotate(name), config, data)
    out().print(f"{key.arn} has {len(key.secrets)} secrets", markup=False)


@app.command("disable")
def disable(name: Name, config: Config = None, data: Data = None) -> None:
    """Let a key neither encrypt nor decrypt, until it is enabled again."""
    key = _guarded(lambda file: file.set_enabled(name, enabled=False), config, data)
    out().print(f"{key.arn} is disabled", markup=False)


@app.command("enable")
def enable(name: Name, config: Config = None, data: Data = None) -> None:
    """Let a disabled key work again."""
    key = _guarded(lambda file: file.set_enabled(name, enabled=True), config, data)
    out().print(f"{key.arn} is enabled", markup=False)


def _guarded(work: Callable[[KeyFile], T], config: Config, data: Data) -> T:
    """Do it with the key file; what is wrong becomes one line."""
    try:
        return work(key_file(load(config=config, data=data)))
    except KeyFileError as why:
        raise SettingsError(str(why)) from None
    except S3Error as why:
        raise SettingsError(why.message or why.code) from None
