"""`sixfold serve`: prepare the store, say where it is, serve it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from s3api import server
from s3api.cli.options import Config, Data, Database
from s3api.cli.welcome import endpoint, welcome
from s3api.keys import root_key
from s3api.running import announced
from s3api.settings import Settings, load
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
    )
    server.configure_logging(settings.log_level)
    asyncio.run(prepare(settings))
    root, is_new = root_key(settings)
    with server.bind(settings) as listening:
        port = listening.getsockname()[1]
        welcome(settings, root, port=port, is_new=is_new)
        with announced(settings, endpoint(settings, port)):
            served = server.serve(settings, listening)
    if not served:
        raise typer.Exit(1)


async def prepare(settings: Settings) -> None:
    """Migrate the database and register the nodes, before any worker starts. Raises SettingsError,
    MetadataError.
    """
    async with opened_metadata(settings) as metadata:
        await register_nodes(metadata, settings)
