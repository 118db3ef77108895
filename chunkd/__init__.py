"""A storage node, and the client side of one.

`await open_node(address, ...)` gives a `Node`, whatever kind the address says; `frame` is the format of what
is stored on it. `python -m chunkd` serves one over HTTP.
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
