"""`sixfold node`: serve a storage node, register one in a store, list those of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from metadata.errors import DatabaseDown, NodeExists
from s3api.cli.lazy import new_app
from s3api.cli.options import of_store
from s3api.cli.output import new_table, out, size_text
from s3api.settings import Settings, SettingsError, error_line, without_password

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.records import NodeRow
    from s3api.blobs import NodeStatus

app = new_app("Storage nodes: serve, add, list.")


@app.command("serve")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [default: 8261].")] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Where to keep the chunks: redis://host:port/db or lmdb:path "
            "[default: redis://127.0.0.1:6379/0]."
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="Bearer token that clients must send. Other users of this machine see command lines: "
            "better set CHUNKD_TOKEN."
        ),
    ] = None,
) -> None:
    """Start a chunkd server: one storage node over HTTP. Each option can also be set in the environment, as
    CHUNKD_...
    """
    from pydantic import ValidationError

    from chunkd import server
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
@of_store
def add(
    settings: Settings,
    address: Annotated[
        str, typer.Argument(help="Address of the node: redis://..., http://..., lmdb:...; see docs/nodes.md.")
    ],
    capacity: Annotated[
        int | None,
        typer.Option(help="Capacity of the node in bytes [default: what the node reports].", min=1),
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for the node and the database to answer.", min=0)
    ] = 0,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing where the node is registered already.")
    ] = False,
) -> None:
    """Register a node, which must answer. Every gateway of the store uses it within seconds."""
    import asyncio

    from s3api.observe.logging_setup import configure_logging

    configure_logging(settings.logs.level, settings.logs.format)
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
@of_store
def list_nodes(settings: Settings) -> None:
    """List the nodes with their current state, fill and latency."""
    from s3api.cli.with_metadata import with_metadata

    table = new_table("node", "address", "state", "used", "capacity", "fill", "chunks", "latency")
    for node in with_metadata(settings, lambda metadata: _statuses(settings, metadata)):
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
    from chunkd import NodeDown
    from s3api.cli.retrying import retry_while_down
    from s3api.database import opened_metadata
    from s3api.nodes import admit_node

    async def admitted() -> NodeRow:
        async with opened_metadata(settings) as metadata:
            try:
                return await admit_node(metadata, settings, address, capacity_bytes=capacity_bytes)
            except ValueError as why:
                raise SettingsError(str(why)) from None

    return await retry_while_down(admitted, (NodeDown, DatabaseDown), wait_s=wait_s)


async def _statuses(settings: Settings, metadata: Metadata) -> list[NodeStatus]:
    """The nodes as the running gateway sees them. Nodes that it does not know yet are probed from here."""
    import asyncio

    from s3api.cli.running_gateway import ask_nodes

    known = {node.id: node for node in await asyncio.to_thread(ask_nodes, settings) or ()}
    ids = [row.id for row in await metadata.nodes.list()]
    if not known.keys() >= set(ids):
        from s3api.nodes import probe_nodes

        known = {node.id: node for node in await probe_nodes(metadata, settings)} | known
    return [known[node_id] for node_id in ids if node_id in known]
