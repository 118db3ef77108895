"""`sixfold`: serve a store, and administer its nodes, accounts and keys. Every command reads the same
settings.

What an operator did wrong is one line on standard error and exit code 1 (2 for a wrong command line), never a
traceback. A module here imports at its head only what its `--help` needs; what it works with, it imports
where it does so. FastAPI, SQLAlchemy and the gateway together cost 1.6 s.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar

import typer

from s3api import __version__
from s3api.cli.lazy import LazyCommand, LazyGroup


class _Commands(LazyGroup):
    lazy_commands: ClassVar[dict[str, LazyCommand]] = {
        "serve": LazyCommand("s3api.cli.serve", "Start the gateway."),
        "status": LazyCommand("s3api.cli.status", "Show the status of the running gateway."),
        "explain": LazyCommand("s3api.cli.explain", "Show why a request was refused (403)."),
        "config": LazyCommand("s3api.cli.configuration", "Settings: check."),
        "node": LazyCommand("s3api.cli.nodes", "Storage nodes: serve, add, list."),
        "account": LazyCommand("s3api.cli.accounts", "Accounts: create, list, rename."),
        "user": LazyCommand("s3api.cli.users", "Users of an account: create, list, delete."),
        "policy": LazyCommand("s3api.cli.users", "Policies of a user: put, list, show, delete.", "policies"),
        "key": LazyCommand("s3api.cli.keys", "Access keys: create, list, revoke."),
        "kms": LazyCommand("s3api.cli.kms", "Encryption keys: list, create, rotate, disable, enable."),
        "event": LazyCommand("s3api.cli.events", "Event notifications: targets, dead letters."),
        "lifecycle": LazyCommand("s3api.cli.lifecycle", "Lifecycle rules: run."),
    }


app = typer.Typer(
    cls=_Commands,
    name="sixfold",
    help="An S3-compatible object store: every object in six pieces, with parity, over six or more nodes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sixfold {__version__}")
        raise typer.Exit


@app.callback()
def sixfold(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Take the options that come before a command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0, 1 where it failed, 2 where the command line is wrong."""
    try:
        app(args=arguments, prog_name="sixfold")
    except Exception as why:  # every command ends with SystemExit: only an error may import what follows
        if not isinstance(why, _operator_errors()):
            raise
        from s3api.cli.output import fail

        fail(str(why) or type(why).__name__)
        sys.exit(1)


def _operator_errors() -> tuple[type[Exception], ...]:
    """The errors whose text is for the operator. Imported only where something was raised."""
    from chunkd import NodeError
    from metadata.errors import MetadataError
    from s3api.settings import SettingsError

    return SettingsError, MetadataError, NodeError
