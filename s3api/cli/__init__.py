"""`sixfold`: serve, and look after nodes and keys. Every command reads the same settings.

What an operator did wrong is one line on standard error and exit code 1 (2 for the command line itself),
never a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from chunkd import NodeError
from metadata.errors import MetadataError
from s3api import __version__
from s3api.cli import (
    accounts,
    configuration,
    events,
    explain,
    keys,
    kms,
    lifecycle,
    nodes,
    serve,
    status,
    users,
)
from s3api.cli.output import fail
from s3api.settings import SettingsError

app = typer.Typer(
    name="sixfold",
    help="An S3-compatible object store: every object in six pieces, with parity, over six or more nodes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.add_typer(configuration.app, name="config")
app.add_typer(nodes.app, name="node")
app.add_typer(accounts.app, name="account")
app.add_typer(users.app, name="user")
app.add_typer(users.policies, name="policy")
app.add_typer(keys.app, name="key")
app.add_typer(kms.app, name="kms")
app.add_typer(events.app, name="event")
app.add_typer(lifecycle.app, name="lifecycle")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sixfold {__version__}")
        raise typer.Exit


@app.callback()
def sixfold(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="And exit."
    ),
) -> None:
    """Options before a command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0, 1 where it failed, 2 where the command line is wrong."""
    try:
        app(args=arguments, prog_name="sixfold")
    except (SettingsError, MetadataError, NodeError) as why:
        fail(str(why) or type(why).__name__)
        sys.exit(1)
