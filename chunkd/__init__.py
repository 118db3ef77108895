"""Storage nodes: clients for every kind of node, and a server that offers a node over HTTP.

`await open_node(address, ...)` opens a `Node` of the kind that the address names. `frame` is the format of
stored chunks. `python -m chunkd` runs the server.
"""

from typing import TYPE_CHECKING, Any

from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull, NodeGroup, NodeInUse, Usage

if TYPE_CHECKING:
    from chunkd.address import open_node

__all__ = [
    "Buffer",
    "ChunkMissing",
    "Node",
    "NodeDown",
    "NodeError",
    "NodeFull",
    "NodeGroup",
    "NodeInUse",
    "Usage",
    "open_node",
]


def __getattr__(name: str) -> Any:
    """Import `open_node` at its first use: the commands of the CLI seldom open a node."""
    if name != "open_node":
        raise AttributeError(f"module 'chunkd' has no attribute {name!r}")
    from chunkd.address import open_node

    return open_node
