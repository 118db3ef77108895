"""Write the chunks of one stripe to storage nodes, and delete them.

A stripe counts as written when at least seven of its eight chunks are durable (k+1; with parity 0 all of
them) *and* six would be left whichever one node were lost next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from chunkd import Buffer, Node, NodeDown, NodeError, NodeGroup
from metadata.records import Blob
from s3api.blobs.cluster import Cluster
from s3api.blobs.erasure import DATA_CHUNKS
from s3api.blobs.fanout import error_of, wait_all
from s3api.blobs.placement import survives_any_node
from s3api.blobs.stripes import ALL_STORED, Chunks, StripeResult, chunks_by_node

log = logging.getLogger("sixfold.blobs")
STRAGGLER_GRACE_S = 0.25


class StripeWriter:
    """Writes and deletes stripes.

    One for all requests of a gateway.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def put(self, nodes: Sequence[int], chunks: Chunks) -> StripeResult:
        """Write the chunks of one stripe, slot i to nodes[i].

        When enough chunks are stored, wait STRAGGLER_GRACE_S for the others, no longer.
        """
        if found := self._cluster.group_of(tuple(nodes)):
            return await self._put_to_group(*found, nodes, chunks)
        by_node: dict[int, list[tuple[bytes, Buffer]]] = {}
        for node_id, chunk in zip(nodes, chunks, strict=True):
            by_node.setdefault(node_id, []).append(chunk)
        futures: dict[int, asyncio.Future[None]] = {}
        for node_id, items in by_node.items():
            if node := self._cluster.node(node_id):
                futures[node_id] = node.put_many(items)

        def enough() -> bool:
            done = {n for n, f in futures.items() if f.done() and not f.cancelled() and f.exception() is None}
            return _is_safe([n for n in nodes if n in done], nodes)

        await wait_all(futures.values(), enough=enough, grace_s=STRAGGLER_GRACE_S)
        failed: set[int] = by_node.keys() - futures.keys()
        for node_id, future in futures.items():
            if why := error_of(future):
                self._report(node_id, why)
                failed.add(node_id)
        if not failed:
            self._cluster.count_written(nodes, chunks)
            return ALL_STORED
        late = any(not future.done() for future in futures.values())
        missing = [slot for slot, node_id in enumerate(nodes) if node_id in failed]
        safe = _is_safe([n for n in nodes if n not in failed], nodes)
        return StripeResult(missing if safe else None, late)

    async def _put_to_group(
        self, group: NodeGroup[Any], clients: Sequence[Node], nodes: Sequence[int], chunks: Chunks
    ) -> StripeResult:
        """Write a stripe in one call, all chunks or none."""
        try:
            await group.write_all(clients, chunks)
        except NodeError as why:
            for node_id in set(nodes):
                self._cluster.report_failure(node_id, why)
            return StripeResult(None, late=False)
        self._cluster.count_written(nodes, chunks)
        return ALL_STORED

    async def delete(self, blob: Blob, stripes: range) -> None:
        """Delete chunks that no row knows yet. The orphan sweep deletes what a failing node keeps."""
        by_node = chunks_by_node(blob, stripes).items()
        futures = [node.delete_many(ids) for id_, ids in by_node if (node := self._cluster.node(id_))]
        await wait_all(futures)
        for future in futures:
            if why := error_of(future):
                log.info(
                    "chunks of a failed write were not deleted and are left to the orphan sweep: %s", why
                )

    def _report(self, node_id: int, why: BaseException) -> None:
        if isinstance(why, NodeError):
            self._cluster.report_failure(node_id, why)
        elif not isinstance(why, TimeoutError):
            log.error("node %d failed with an unexpected error", node_id, exc_info=why)
            self._cluster.report_failure(node_id, NodeDown(str(node_id), repr(why)))


def _is_safe(stored: Sequence[int], nodes: Sequence[int]) -> bool:
    """Whether k+1 chunks (without parity: all) are stored, and as safe against the loss of a node as the
    whole placement would be. `stored`: the node of each stored chunk; `nodes`: of each chunk.
    """
    if len(stored) < min(DATA_CHUNKS + 1, len(nodes)):
        return False
    return survives_any_node(stored) or not survives_any_node(nodes)
