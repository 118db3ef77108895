"""`sixfold node`: serve one, add one to a store, list those of a store."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from chunkd import NodeDown
from metadata.errors import DatabaseDown, NodeExists
from metadata.records import NodeRow
from s3api.blobs import NodeStatus
from s3api.cli.options import Config, Data, Database
from s3api.cli.output import out, size_text
from s3api.cli.retrying import patiently
from s3api.cli.running_gateway import ask_nodes
from s3api.observe.logging_setup import configure_logging
from s3api.settings import Settings, SettingsError, error_line, load, without_password
from s3api.store import admit_node, opened_metadata, survey

app = typer.Typer(help="Storage nodes: serve, add, list.", no_args_is_help=True)


@app.command("serve")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [8261].")] = None,
    store: Annotated[
        str | None, typer.Option(help="Where the chunks are kept [redis://127.0.0.1:6379/0], or lmdb:path.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="What clients must show. Better in CHUNKD_TOKEN: others see command lines."),
    ] = None,
) -> None:
    """Start a chunkd server: one storage node over HTTP. Every option may also be CHUNKD_... in the
    environment.
    """
    from chunkd import server  # what the other commands need not wait for
    from chunkd.file_settings import SettingFileError
    from chunkd.settings import Settings as ChunkdSettings

    options = {"host": host, "port": port, "store": store, "token": token}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    try:
        settings = ChunkdSettings(**given)
    except ValidationError as why:
        raise SettingsError("; ".join(error_line(error) for error in why.errors())) from None
    except SettingFileError as why:
        raise SettingsError(str(why)) from None
    server.serve(settings)


@app.command("add")
def add(
    address: Annotated[str, typer.Argument(help="redis://..., http://..., lmdb:...: see the README.")],
    capacity: Annotated[
        int | None, typer.Option(help="How much it may hold, in bytes [what the node says].", min=1)
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for the node and the database to answer.", min=0)
    ] = 0,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave a node alone that is registered already.")
    ] = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Register a node that answers. Every gateway of the store uses it within seconds."""
    settings = load(config=config, data=data, database=database)
    configure_logging(settings.log_level, settings.log_format)
    shown = without_password(address)
    try:
        row = asyncio.run(_add(settings, address, capacity, wait_s=wait))
    except NodeExists:
        if not if_missing:
            raise SettingsError(f"{shown} is registered already") from None
        out().print(f"{shown} is registered already", markup=False)
    else:
        out().print(f"node {row.id} is {without_password(row.address)}", markup=False)


@app.command("list")
def list_nodes(config: Config = None, data: Data = None, database: Database = None) -> None:
    """The nodes with their fill, state and latency, asked now."""
    table = Table("node", "address", "state", "used", "capacity", "fill", "chunks", "latency", box=None)
    settings = load(config=config, data=data, database=database)
    for node in asyncio.run(_statuses(settings)):
        fill = f"{node.used_bytes / node.capacity_bytes:.1%}" if node.capacity_bytes else "?"
        table.add_row(
            str(node.id),
            without_password(node.address),
            node.state if node.up else f"{node.state}, down: {node.reason}",
            size_text(node.used_bytes if node.up else None),
            size_text(node.capacity_bytes),
            fill if node.up else "?",
            str(node.chunks) if node.up else "?",
            f"{node.latency_ms:.1f} ms" if node.latency_ms is not None else "",
        )
    out().print(table)


async def _add(settings: Settings, address: str, capacity_bytes: int | None, *, wait_s: float) -> NodeRow:
    """Raises NodeExists, NodeDown, MetadataError, SettingsError."""

    async def admitted() -> NodeRow:
        async with opened_metadata(settings) as metadata:
            try:
                return await admit_node(metadata, settings, address, capacity_bytes=capacity_bytes)
            except ValueError as why:
                raise SettingsError(str(why)) from None

    return await patiently(admitted, (NodeDown, DatabaseDown), wait_s=wait_s)


async def _statuses(settings: Settings) -> list[NodeStatus]:
    """What a running gateway says; where it has not yet heard of a node, that one is asked from here."""
    told = {node.id: node for node in ask_nodes(settings) or ()}
    async with opened_metadata(settings) as metadata:
        ids = [row.id for row in await metadata.nodes.list()]
        if not told.keys() >= set(ids):
            told = {node.id: node for node in await survey(metadata, settings)} | told
    return [told[node_id] for node_id in ids if node_id in told]
