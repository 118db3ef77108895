"""`sixfold serve`: prepare the store, say where it is, serve it."""

from __future__ import annotations

import asyncio
import os

import typer

from chunkd.otel import traces_enabled
from metadata.errors import DatabaseDown
from s3api.access.keys import root_key
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
from s3api.cli.retrying import patiently
from s3api.cli.running_gateway import announced
from s3api.cli.welcome import endpoint, welcome
from s3api.observe.logging_setup import configure_logging
from s3api.serving import server
from s3api.serving.app import check_access_log
from s3api.serving.uvicorn_config import check_tls
from s3api.settings import Settings, SettingsError, load, put_into_environment
from s3api.store import opened_metadata, register_nodes


def serve(
    context: typer.Context,
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
    """Start the gateway. Every option may also be SIXFOLD_... in the environment, or in the settings file."""
    given = given_options(context)
    settings = load(**given)
    configure_logging(settings.log_level, settings.log_format)
    check_tls(settings)
    _check_what_it_says(settings)
    asyncio.run(prepare(settings))
    root, is_new = root_key(settings)
    put_into_environment(**given)  # for workers, and for a reload
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
        traces_enabled(os.environ)
    except ValueError as why:
        raise SettingsError(str(why)) from None
    check_access_log(settings)


async def prepare(settings: Settings) -> None:
    """Migrate the database and register the nodes, before any worker starts. A database that does not answer
    is waited for. Raises SettingsError, MetadataError.
    """

    async def prepared() -> None:
        async with opened_metadata(settings) as metadata:
            await register_nodes(metadata, settings)

    await patiently(prepared, (DatabaseDown,), wait_s=settings.wait_s)
