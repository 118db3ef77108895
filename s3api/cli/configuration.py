"""`sixfold config check`: whether a gateway could start with these settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3api.cli.lazy import new_app
from s3api.cli.options import Given, of_gateway
from s3api.cli.output import out
from s3api.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from s3api.cli.config_checks import Finding

app = new_app("Settings: check.")


@app.callback()
def configuration() -> None:
    """Settings: check."""  # a callback keeps `check` a subcommand of its own


@app.command("check")
@of_gateway
def check(
    given: Given,
    connect: Annotated[
        bool, typer.Option("--connect", help="Connect to the database, the nodes and the key service too.")
    ] = False,
) -> None:
    """Check whether `serve` could start with these options, this environment and this settings file. Starts
    and changes nothing. The exit code is 1 where anything is wrong.
    """
    import logging

    logging.disable()  # each problem is printed below, in a line of its own
    try:
        findings = list(_findings(given, connect=connect))
    finally:
        logging.disable(logging.NOTSET)
    screen = out()
    for finding in findings:
        screen.print("[bold red]wrong[/]  " if finding.wrong else "[green]ok[/]     ", end="")
        screen.print(f"{finding.about}: {finding.wrong or finding.found}", markup=False)
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


def _findings(given: dict[str, Any], *, connect: bool) -> Iterator[Finding]:
    import os

    from s3api.cli.config_checks import Finding, check_offline, unknown_variables

    yield from unknown_variables(os.environ)
    try:
        settings = load(**given)
    except SettingsError as why:
        yield from (Finding("settings", "", line) for line in why.lines)
        return
    yield Finding("settings", str(settings.config) if settings.config else "no file")
    yield from check_offline(settings)
    if connect:
        import asyncio

        yield from asyncio.run(_connected(settings))


async def _connected(settings: Settings) -> list[Finding]:
    from s3api.cli.config_checks import check_connections

    return [finding async for finding in check_connections(settings)]
