"""Registers, opens and probes the storage nodes of the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chunkd import Node, NodeInUse, open_node
from metadata import Metadata
from metadata.errors import NodeExists
from metadata.ids import now_us
from metadata.records import NodeRow
from s3api.blobs.cluster import Cluster, NodeStatus
from s3api.settings import MIN_NODES, Settings, SettingsError


async def register_nodes(metadata: Metadata, settings: Settings) -> None:
    """Register the nodes of the settings that are not registered yet.

    Raises SettingsError if fewer than MIN_NODES are registered then.
    """
    known = {row.address for row in await metadata.nodes.list()}
    wanted = settings.nodes.addresses if settings.nodes.given or not known else ()
    for address in dict.fromkeys(wanted):
        if address not in known:
            with suppress(NodeExists):
                await metadata.nodes.add(address, capacity_bytes=None, now_us=now_us())
            known.add(address)
    if len(known) < MIN_NODES:
        raise SettingsError(
            f"{len(known)} nodes are registered and an object is cut in six: register at least {MIN_NODES}, "
            "with --node ADDRESS or `sixfold node add ADDRESS`"
        )


async def admit_node(
    metadata: Metadata, settings: Settings, address: str, *, capacity_bytes: int | None
) -> NodeRow:
    """Register a node. It must answer, unless a running gateway has locked it.

    Raises ValueError (not an address of a node), NodeDown, NodeExists.
    """
    with suppress(NodeInUse):
        async with opened_node(settings, address) as node:
            await node.ping()
    return await metadata.nodes.add(address, capacity_bytes=capacity_bytes, now_us=now_us())


@asynccontextmanager
async def opened_node(settings: Settings, address: str) -> AsyncIterator[Node]:
    """Open a node as a gateway with these settings does.

    Raises ValueError (not an address of a node), OSError, NodeError.
    """
    node = await open_node(
        address,
        base=settings.data,
        token=settings.nodes.token_text,
        timeout_s=settings.nodes.timeout_s,
        ca=settings.nodes.ca,
    )
    try:
        yield node
    finally:
        await node.close()


async def probe_nodes(metadata: Metadata, settings: Settings) -> list[NodeStatus]:
    """Open every registered node, and return its status."""
    cluster = Cluster(
        metadata, settings.nodes, base=settings.data, exclusive=False, parity=settings.blobs.parity
    )
    try:
        await cluster.refresh()
        return cluster.status()
    finally:
        await cluster.close()
