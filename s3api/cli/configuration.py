"""`sixfold config check`: whether a gateway could start with these settings."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from s3api.cli.config_checks import Finding, at_rest, connecting, unknown_variables
from s3api.cli.options import (
    Cache,
    CacheBytes,
    Config,
    Data,
    Database,
    Host,
    Nodes,
    Port,
    RootKey,
    RootSecret,
    TlsCert,
    TlsKey,
    Workers,
    given_options,
)
from s3api.cli.output import out
from s3api.settings import Settings, SettingsError, load

app = typer.Typer(help="The settings: check.", no_args_is_help=True)


@app.callback()
def configuration() -> None:
    """The settings."""


@app.command("check")
def check(
    context: typer.Context,
    connect: Annotated[
        bool, typer.Option("--connect", help="Ask the database, the nodes and the key service too.")
    ] = False,
    host: Host = None,
    port: Port = None,
    data: Data = None,
    workers: Workers = None,
    database: Database = None,
    node: Nodes = None,
    cache: Cache = None,
    cache_bytes: CacheBytes = None,
    access_key: RootKey = None,
    secret_key: RootSecret = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    config: Config = None,
) -> None:
    """Whether `serve` could start with these options, this environment and this file; nothing is started.
    Exit code 1 where anything is wrong.
    """
    given = given_options(context)
    logging.disable()  # what is wrong stands in a line of its own
    try:
        findings = list(_findings(given, connect=connect))
    finally:
        logging.disable(logging.NOTSET)
    for finding in findings:
        word = "[bold red]wrong[/]" if finding.wrong else "[green]ok[/]   "
        out().print(f"{word}  ", end="")
        out().print(f"{finding.about}: {finding.wrong or finding.found}", markup=False)
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


def _findings(given: dict[str, Any], *, connect: bool) -> Iterator[Finding]:
    yield from unknown_variables(os.environ)
    try:
        settings = load(**given)
    except SettingsError as why:
        yield from (Finding("settings", "", line) for line in why.lines)
        return
    yield Finding("settings", str(settings.config) if settings.config else "no file")
    yield from at_rest(settings)
    if connect:
        yield from asyncio.run(_connected(settings))


async def _connected(settings: Settings) -> list[Finding]:
    return [finding async for finding in connecting(settings)]
