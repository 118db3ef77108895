"""Refreshing the nodes: hanging, failing and returning ones."""

from __future__ import annotations

import asyncio

import pytest

from chunkd import NodeDown, Usage
from tests.blobs.cluster_of import rig


async def test_a_node_that_hangs_keeps_no_other_from_coming_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch, count=7) as r:
        cluster, answer = r.store.cluster, asyncio.Event()

        async def hang() -> Usage:
            await answer.wait()
            raise NodeDown("shelf://1", "no answer in time")

        monkeypatch.setattr(r.shelves[1], "usage", hang)
        r.shelves[2].mode = "down"
        await cluster.refresh(within_s=0.01)
        assert cluster.node(2) is None
        r.shelves[2].mode = "well"
        await cluster.refresh(within_s=0.01)
        assert cluster.node(2) is not None
        answer.set()
        await cluster.refresh()
        assert cluster.node(1) is None


async def test_a_node_that_failed_once_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(monkeypatch) as r:  # which asks every hour otherwise
        cluster, asked = r.store.cluster, asyncio.Event()

        async def ping() -> None:
            if cluster.node(3) is None:
                asked.set()

        monkeypatch.setattr(r.shelves[3], "ping", ping)
        cluster.report_failure(3, NodeDown("shelf://3", "a hiccup"))
        assert repr(cluster) == "<Cluster: 5 of 6 nodes up, 0 full>"
        assert cluster.node(3) is None
        await asyncio.wait_for(asked.wait(), 10)
        await cluster.refresh()
        assert cluster.node(3) is not None
