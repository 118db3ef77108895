"""Placement: even, on distinct nodes if possible, at most two chunks of a stripe on a node."""

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from s3api.blobs.placement import TooFewNodes, place, survives_any_node


@dataclass
class Node:
    id: int
    capacity: float = 1e12
    used: float = 0.0

    @property
    def fill(self) -> float:
        return self.used / self.capacity


def nodes(count: int) -> list[Node]:
    return [Node(i) for i in range(count)]


@pytest.mark.parametrize(("count", "most"), [(4, 2), (5, 2), (6, 2), (7, 2), (8, 1), (12, 1)])
def test_at_most_two_chunks_of_a_stripe_on_a_node(count: int, most: int) -> None:
    for _ in range(200):
        chosen = place(nodes(count), parity=2)
        assert len(chosen) == 8
        assert max(Counter(chosen).values()) == most
        assert survives_any_node(chosen)


@pytest.mark.parametrize("count", [6, 7, 8, 9])
def test_data_chunks_lie_on_distinct_nodes(count: int) -> None:
    for _ in range(100):
        assert len(set(place(nodes(count), parity=2)[:6])) == 6


@pytest.mark.parametrize(("count", "parity"), [(3, 2), (2, 0), (4, 4)])
def test_too_few_nodes(count: int, parity: int) -> None:
    with pytest.raises(TooFewNodes, match=f"{count} storage nodes can take chunks, "):
        place(nodes(count), parity)


@pytest.mark.parametrize("count", [6, 7, 8, 11])
def test_ten_thousand_objects_fill_all_nodes_within_two_percent(count: int) -> None:
    rnd = random.Random(6)
    store = nodes(count)
    for _ in range(10_000):
        size = int(rnd.lognormvariate(10, 2))
        for node_id in place(store, parity=2):
            store[node_id].used += size / 6
    used = [node.used for node in store]
    assert (max(used) - min(used)) / max(used) < 0.02


def test_nodes_of_different_size_fill_in_proportion() -> None:
    store = [Node(i, capacity=1e9 if i < 6 else 2e9) for i in range(12)]
    for _ in range(5000):
        for node_id in place(store, parity=2):
            store[node_id].used += 1000
    fills = [node.fill for node in store]
    assert max(fills) - min(fills) < 0.02 * max(fills)


def test_a_new_empty_node_gets_a_chunk_of_every_new_blob() -> None:
    store = [*(Node(i, used=5e11) for i in range(8)), Node(99)]
    assert all(99 in place(store, parity=2) for _ in range(100))


def test_slots_do_not_follow_the_ranking() -> None:
    """Data chunks are read and parity chunks are not: every node gets both."""
    store = [Node(i, used=i * 1e9) for i in range(8)]
    first = Counter(place(store, parity=2)[0] for _ in range(800))
    assert set(first) == set(range(8))
    assert max(first.values()) < 200


@pytest.mark.parametrize(
    ("placed", "survives"),
    [
        ((1, 2, 3, 4, 5, 6, 7, 8), True),
        ((1, 2, 3, 4, 5, 6, 7), True),
        ((1, 2, 3, 4, 5, 6, 1, 2), True),
        ((1, 2, 3, 4, 5, 6, 1), False),  # six, of which node 1 has two
        ((1, 2, 3, 4, 5, 1, 1, 2), False),
        ((1, 2, 3, 4, 5, 6), False),
        ((), False),
    ],
)
def test_whether_a_stripe_survives_the_loss_of_any_node(placed: tuple[int, ...], survives: bool) -> None:
    assert survives_any_node(placed) is survives
