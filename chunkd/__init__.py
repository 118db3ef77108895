"""Storage nodes: clients for every kind of node, and a server that offers a node over HTTP.

`await open_node(address, ...)` opens a `Node` of the kind that the address names. `frame` is the format of
stored chunks. `python -m chunkd` runs the server.
"""

from chunkd.address import open_node
from chunkd.node import Buffer, ChunkMissing, Node, NodeDown, NodeError, NodeFull, NodeGroup, NodeInUse, Usage

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
