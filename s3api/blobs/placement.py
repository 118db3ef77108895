"""Choose the nodes of a new blob: a pure function of the nodes' fill.

The least filled nodes come first, random among equals. Every slot gets its own node if there are enough. With
fewer nodes than slots a node takes two slots, never more, so that the loss of any one node costs at most two
chunks of a stripe.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import random
from typing import Protocol

from s3api.blobs.erasure import DATA_CHUNKS

MOST_PER_NODE = 2


class Candidate(Protocol):
    """A node that can take chunks. `fill` is used / capacity, 0 to 1."""

    @property
    def id(self) -> int: ...

    @property
    def fill(self) -> float: ...


class TooFewNodes(Exception):
    """Fewer nodes are up than a stripe needs: `live` of `needed`."""

    def __init__(self, live: int, needed: int) -> None:
        super().__init__(live, needed)
        self.live, self.needed = live, needed

    def __str__(self) -> str:
        return f"{self.live} storage nodes can take chunks, {self.needed} are needed"


def place(nodes: Sequence[Candidate], parity: int) -> tuple[int, ...]:
    """The node of each slot: six of data, then `parity` of parity. Raises TooFewNodes."""
    return choose_nodes([(node.fill, random(), node.id) for node in nodes], parity)


def choose_nodes(candidates: list[tuple[float, float, int]], parity: int) -> tuple[int, ...]:
    """The node of each slot, from candidates (fill, random number, node id). Raises TooFewNodes."""
    slots = DATA_CHUNKS + parity
    needed = -(-slots // MOST_PER_NODE)
    if len(candidates) < needed:
        raise TooFewNodes(len(candidates), needed)
    ranked = sorted(candidates)
    chosen = [node_id for _, _, node_id in ranked[:slots]]
    # The emptiest nodes take a second chunk, one each: at most two chunks of a stripe share a node.
    doubled = chosen[: slots - len(chosen)]
    # Rotated, so that the slots do not follow the ranking: data chunks are read, parity chunks are not.
    at = int(random() * len(chosen))
    return (*chosen[at:], *chosen[:at], *doubled)


def survives_any_node(nodes: Sequence[int]) -> bool:
    """Whether at least six chunks are left whichever one node is lost; `nodes[i]` holds chunk i."""
    most = max((nodes.count(node) for node in set(nodes)), default=0)
    return len(nodes) - most >= DATA_CHUNKS
