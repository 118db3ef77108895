"""`sixfold kms`: the keys that wrap data keys (SSE-S3, SSE-KMS), in the key file.

A running gateway sees a change within a second. Keys are never deleted: what they wrapped would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from s3api.cli.lazy import new_app
from s3api.cli.options import of_data
from s3api.cli.output import new_table, out, time_text
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from s3api.kms import KeyFile

T = TypeVar("T")

app = new_app("Encryption keys: list, create, rotate, disable, enable.")
Name = Annotated[str, typer.Argument(help="ID, ARN or alias of the key.")]


@app.command("list")
@of_data
def list_keys(settings: Settings) -> None:
    """List the keys, without their secrets. The first use creates the key file."""
    table = new_table("arn", "aliases", "state", "secrets", "created")
    for key in _with_key_file(settings, lambda file: file.all()):
        state = "enabled" if key.enabled else "disabled"
        table.add_row(key.arn, " ".join(key.aliases), state, str(len(key.secrets)), time_text(key.created_s))
    out().print(table)


@app.command("create")
@of_data
def create(
    settings: Settings,
    id: Annotated[str | None, typer.Option(help="ID of the key [default: random].")] = None,
    alias: Annotated[str | None, typer.Option(help="Alias of the key, alias/...")] = None,
) -> None:
    """Create a key for SSE-KMS."""
    key = _with_key_file(settings, lambda file: file.add(id=id, alias=alias))
    out().print(key.arn, markup=False)


@app.command("rotate")
@of_data
def rotate(settings: Settings, name: Name) -> None:
    """Give a key a new secret for new objects. The old secrets stay, to decrypt existing objects."""
    key = _with_key_file(settings, lambda file: file.rotate(name))
    out().print(f"{key.arn} has {len(key.secrets)} secrets", markup=False)


@app.command("disable")
@of_data
def disable(settings: Settings, name: Name) -> None:
    """Disable a key: it neither encrypts nor decrypts until it is enabled again."""
    key = _with_key_file(settings, lambda file: file.set_enabled(name, enabled=False))
    out().print(f"{key.arn} is disabled", markup=False)


@app.command("enable")
@of_data
def enable(settings: Settings, name: Name) -> None:
    """Enable a disabled key."""
    key = _with_key_file(settings, lambda file: file.set_enabled(name, enabled=True))
    out().print(f"{key.arn} is enabled", markup=False)


def _with_key_file(settings: Settings, work: Callable[[KeyFile], T]) -> T:
    """Return what `work` makes of the key file. Raises SettingsError where the file or the key is wrong."""
    from s3api.errors import S3Error
    from s3api.kms.keyfile import KeyFile, KeyFileError

    try:
        return work(KeyFile(settings.key_file_path, region=settings.region))
    except KeyFileError as why:
        raise SettingsError(str(why)) from None
    except S3Error as why:
        raise SettingsError(why.message or why.code) from None
