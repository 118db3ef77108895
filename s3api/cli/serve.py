"""`sixfold serve`: prepare the store, say where it is, serve it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from chunkd.otel import wanted as traces_wanted
from metadata.errors import DatabaseDown
from s3api import server
from s3api.cli.options import Config, Data, Database
from s3api.cli.waiting import patiently
from s3api.cli.welcome import endpoint, welcome
from s3api.keys import root_key
from s3api.observe.lines import LineWriter
from s3api.observe.logs import configure_logging
from s3api.running import announced
from s3api.settings import Settings, SettingsError, load
from s3api.store import opened_metadata, register_nodes


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [8260]; 0 for any.")] = None,
    data: Data = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve [1].")] = None,
    database: Database = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            help="Address of a node; give it six times or more [six embedded ones].", metavar="ADDRESS"
        ),
    ] = None,
    access_key: Annotated[str | None, typer.Option(help="Root access key [made at the first start].")] = None,
    secret_key: Annotated[
        str | None, typer.Option(help="Its secret. Better in SIXFOLD_SECRET_KEY: others see command lines.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="The certificate, a PEM file: https alone.", dir_okay=False)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key.", dir_okay=False)] = None,
    config: Config = None,
) -> None:
    """Start the gateway. Every option may also be SIXFOLD_... in the environment, or in the settings file."""
    settings = load(
        config=config,
        host=host,
        port=port,
        data=data,
        workers=workers,
        database=database,
        nodes=tuple(node) if node else None,
        access_key=access_key,
        secret_key=secret_key,
        tls_cert=tls_cert,
        tls_key=tls_key,
    )
    configure_logging(settings.log_level, settings.log_format)
    server.check_tls(settings)
    _check_what_it_says(settings)
    asyncio.run(prepare(settings))
    root, is_new = root_key(settings)
    with server.bind(settings) as listening:
        port = listening.getsockname()[1]
        welcome(settings, root, port=port, is_new=is_new)
        with announced(settings, endpoint(settings, port)):
            served = server.serve(settings, listening)
    if not served:
        raise typer.Exit(1)


def _check_what_it_says(settings: Settings) -> None:
    """Logs and traces. Raises SettingsError."""
    try:
        traces_wanted(os.environ)
    except ValueError as why:
        raise SettingsError(str(why)) from None
    try:
        LineWriter(settings.access_log_path).close()
    except OSError as why:
        raise SettingsError(f"access_log_path: {why}") from None


async def prepare(settings: Settings) -> None:
    """Migrate the database and register the nodes, before any worker starts. A database that does not answer
    is waited for. Raises SettingsError, MetadataError.
    """

    async def prepared() -> None:
        async with opened_metadata(settings) as metadata:
            await register_nodes(metadata, settings)

    await patiently(prepared, (DatabaseDown,), wait_s=settings.wait_s)
