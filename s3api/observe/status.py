"""The status of a gateway, in one answer: version, uptime, requests, database, nodes, queues, caches.

The counts are those of the metrics, summed over all workers. The latency and lag of the database and the
queues are measured for each answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from s3api import __version__
from s3api.blobs import NodesFull, TooFewNodes
from s3api.observe.database_status import probe_database
from s3api.observe.exposition import Family, merge
from s3api.observe.metrics import STARTED_S, Metrics
from s3api.observe.workers import Siblings
from s3api.settings import without_password
from s3api.store import Store


async def status(store: Store, counted: Metrics, siblings: Siblings) -> dict[str, Any]:
    """The answer of /api/status. Times are seconds, or ISO 8601 in UTC; sizes are bytes. Without /proc
    `memory_bytes` is 0.
    """
    totals = _Totals(merge(counted.own(store), siblings.counts()))
    seen = await probe_database(store.metadata)
    hits, misses = totals.by_label("sixfold_cache_hits_total"), totals.by_label("sixfold_cache_misses_total")
    commits, commit_s = (
        totals.sum("sixfold_commit_seconds", "_count"),
        totals.sum("sixfold_commit_seconds", "_sum"),
    )
    nodes = store.blobs.cluster.status()
    return {
        "version": __version__,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(STARTED_S)),
        "uptime_s": round(time.time() - STARTED_S, 1),
        "workers": int(totals.sum("sixfold_workers")),
        "memory_bytes": int(totals.sum("process_resident_memory_bytes")),
        "requests": {
            "in_flight": int(totals.sum("sixfold_requests_in_flight")),
            "total": int(totals.sum("sixfold_requests_total")),
            "failed": int(totals.sum("sixfold_requests_total", status="5")),
            "received_bytes": int(totals.sum("sixfold_received_bytes_total")),
            "sent_bytes": int(totals.sum("sixfold_sent_bytes_total")),
        },
        "database": {
            "address": without_password(store.settings.database_url),
            "up": seen.up,
            "latency_ms": None if seen.seconds is None else round(seen.seconds * 1e3, 3),
            "replication": seen.replication and asdict(seen.replication),
            "waiting": int(totals.sum("sixfold_commit_waiting")),
            "commits": int(commits),
            "commit_ms": round(commit_s / commits * 1e3, 3) if commits else None,
        },
        "nodes": {
            "up": sum(node.up for node in nodes),
            "all": len(nodes),
            "writable": _writable(store),
            "list": [asdict(node) | {"address": without_password(node.address)} for node in nodes],
        },
        "queues": seen.queues,
        "caches": {
            name: {
                "hits": int(hits[name]),
                "misses": int(misses[name]),
                "hit_ratio": round(hits[name] / (hits[name] + misses[name]), 4) if hits[name] else 0.0,
                "bytes": int(totals.by_label("sixfold_cache_bytes").get(name, 0)),
            }
            for name in hits
        },
    }


def _writable(store: Store) -> bool:
    try:
        store.blobs.cluster.place()
    except (TooFewNodes, NodesFull):
        return False
    return True


class _Totals:
    """Sums over the samples of metric families."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = {family.name: family.samples for family in families}

    def sum(self, name: str, suffix: str = "", *, status: str = "") -> float:
        """The sum over all label sets, or over those whose `status` label begins with `status`."""
        wanted = f'status="{status}' if status else ""
        samples = self._families.get(name, {}).items()
        return sum(
            value
            for key, value in samples
            if wanted in key and (key == suffix or key.startswith(suffix + "{"))
        )

    def by_label(self, name: str) -> dict[str, float]:
        """The samples of a family with one label, by the value of the label."""
        return {key.split('"')[1]: value for key, value in self._families.get(name, {}).items()}
