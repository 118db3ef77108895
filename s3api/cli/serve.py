"""`sixfold serve`: prepare the store, print how to reach it, serve it."""

from __future__ import annotations

import typer

from s3api.cli.lazy import new_app
from s3api.cli.options import Given, of_gateway
from s3api.settings import Settings, SettingsError, load, put_into_environment

app = new_app(one_command=True)


@app.command("serve")
@of_gateway
def serve(given: Given) -> None:
    """Start the gateway. Each option can also be set in the environment, as SIXFOLD_..., or in the settings
    file (--config).
    """
    import asyncio

    from s3api.access.root_key import root_key
    from s3api.cli.running_gateway import announced
    from s3api.cli.welcome import endpoint, welcome
    from s3api.observe.logging_setup import configure_logging
    from s3api.serving import server
    from s3api.serving.uvicorn_config import check_tls

    settings = load(**given)
    configure_logging(settings.logs.level, settings.logs.format)
    check_tls(settings)
    _check_logs_and_traces(settings)
    asyncio.run(prepare(settings))
    root, is_new = root_key(settings)
    put_into_environment(**given)  # for worker processes, and for a reload
    with server.bind(settings) as listening:
        port = listening.getsockname()[1]
        welcome(settings, root, port=port, is_new=is_new)
        with announced(settings, endpoint(settings, port)):
            served = server.serve(settings, listening)
    if not served:
        raise typer.Exit(1)


def _check_logs_and_traces(settings: Settings) -> None:
    """Check that the access log can be opened and traces exported. Raises SettingsError."""
    import os

    from chunkd.otel import traces_enabled
    from s3api.observe.access_log import check_access_log

    try:
        traces_enabled(os.environ)
    except ValueError as why:
        raise SettingsError(str(why)) from None
    check_access_log(settings)


async def prepare(settings: Settings) -> None:
    """Migrate the database and register the nodes, before any worker starts. Waits for a database that does
    not answer. Raises SettingsError, MetadataError.
    """
    from metadata.errors import DatabaseDown
    from s3api.cli.retrying import retry_while_down
    from s3api.database import opened_metadata
    from s3api.nodes import register_nodes

    async def prepared() -> None:
        async with opened_metadata(settings) as metadata:
            await register_nodes(metadata, settings)

    await retry_while_down(prepared, (DatabaseDown,), wait_s=settings.metadata.wait_s)
