"""The metrics of a worker: counts of its requests and commits, and the state of nodes, queues and caches.

Counting is plain additions to slots, by operation: a record costs about a microsecond. The label sets are
bounded: operations and codes come from tables, nodes are the registered ones. No bucket, key, client or
access key is a label.
"""

from __future__ import annotations

import os
import resource
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chunkd.traffic import SECONDS, Histogram
from s3api import __version__
from s3api.observe.database_status import DatabaseStatus, probe_database
from s3api.observe.exposition import Family
from s3api.observe.record import AccessRecord
from s3api.store import Store

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DATABASE_FOR_S = 5.0
STARTED_S = time.time()
PROC = Path("/proc/self")


class OperationCount:
    """Counts of the requests of one operation."""

    __slots__ = ("codes", "received", "seconds", "sent", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.codes: dict[str, int] = {}
        self.seconds = Histogram()
        self.received = self.sent = 0


class Metrics:
    """A sink that counts requests. `in_progress` returns the number of unfinished requests of this worker."""

    def __init__(self, in_progress: Callable[[], int]) -> None:
        self._in_progress = in_progress
        self._operations: dict[str, OperationCount] = {}
        self._batches, self._commit_s = Histogram(BATCH_SIZES), Histogram()
        self._database: DatabaseStatus | None = None
        self._database_until_s = 0.0

    def __call__(self, record: AccessRecord) -> None:
        counted = self._operations.get(record.operation)
        if counted is None:
            counted = self._operations[record.operation] = OperationCount()
        statuses, status = counted.statuses, record.status
        statuses[status] = statuses.get(status, 0) + 1
        seconds, took_s = counted.seconds, record.ended - record.began
        seconds.buckets[bisect_left(SECONDS, took_s)] += 1
        seconds.total += took_s
        counted.received += record.received
        counted.sent += record.sent
        if code := record.code:
            counted.codes[code] = counted.codes.get(code, 0) + 1

    def committed(self, batch: Sequence[Any], seconds: float) -> None:
        """Count one commit of the metadata store."""
        self._batches.add(len(batch))
        self._commit_s.add(seconds)

    async def families(self, store: Store) -> list[Family]:
        """All families. Those of the database are up to DATABASE_FOR_S old."""
        return [*self.own(store), *node_families(store), *(await self._database_families(store))]

    def own(self, store: Store) -> list[Family]:
        """The families of this worker alone, to be added to those of the other workers."""
        return [
            *self._request_families(),
            _histogram("sixfold_commit_batch_size", "Writes in one metadata transaction", self._batches),
            _histogram("sixfold_commit_seconds", "Seconds that a metadata commit took", self._commit_s),
            _gauge(
                "sixfold_commit_waiting", "Writes waiting for a metadata transaction", store.metadata.waiting
            ),
            *_traffic_families(store),
            *_cache_families(store),
            *_process_families(),
        ]

    def _request_families(self) -> list[Family]:
        requests = Family("sixfold_requests_total", "counter", "Requests answered")
        errors = Family("sixfold_errors_total", "counter", "Requests that failed, by S3 error code")
        seconds = Family(
            "sixfold_request_seconds",
            "histogram",
            "Seconds from the head of a request to the end of its answer",
        )
        received = Family("sixfold_received_bytes_total", "counter", "Bytes of request bodies received")
        sent = Family("sixfold_sent_bytes_total", "counter", "Bytes of response bodies sent")
        for name, counted in self._operations.items():
            operation = name or "unknown"
            for status, count in counted.statuses.items():
                requests.add(count, operation=operation, status=str(status))
            for code, count in counted.codes.items():
                errors.add(count, operation=operation, code=code)
            seconds.add_histogram(counted.seconds, operation=operation)
            received.add(counted.received, operation=operation)
            sent.add(counted.sent, operation=operation)
        in_flight = _gauge("sixfold_requests_in_flight", "Requests in progress", self._in_progress())
        return [requests, errors, seconds, received, sent, in_flight]

    async def _database_families(self, store: Store) -> list[Family]:
        if self._database is None or time.monotonic() > self._database_until_s:
            self._database = await probe_database(store.metadata)
            self._database_until_s = time.monotonic() + DATABASE_FOR_S
        return database_families(self._database)


def database_families(seen: DatabaseStatus) -> list[Family]:
    """The families of the database, the same in every worker. Unknown values are left out."""
    copies = seen.replication
    queues = Family("sixfold_queue_length", "gauge", "Entries waiting for background work", summed=False)
    for name, length in seen.queues.items():
        queues.add(length, queue=name)
    families = [queues]
    for name, help_, value in (
        ("up", "Whether the database answers", float(seen.up)),
        ("seconds", "Seconds that the database takes to answer a trivial query", seen.seconds),
        ("standbys", "Standbys that a PostgreSQL server replicates to", copies.standbys if copies else None),
        (
            "lag_seconds",
            "Replication lag of the slowest standby, in seconds",
            copies.lag_s if copies else None,
        ),
        (
            "lag_bytes",
            "Replication lag of the slowest standby, in bytes of WAL",
            copies.lag_bytes if copies else None,
        ),
    ):
        family = Family(f"sixfold_database_{name}", "gauge", help_, summed=False)
        if value is not None:
            family.add(value)
        families.append(family)
    return families


def node_families(store: Store) -> list[Family]:
    """The families of the nodes, the same in every worker."""

    def gauge(name: str, help_: str) -> Family:
        return Family(f"sixfold_node_{name}", "gauge", help_, summed=False)

    up, state = gauge("up", "Whether the node answers"), gauge("state", "1 for the state of the node")
    used, capacity = (
        gauge("used_bytes", "Bytes stored on the node"),
        gauge("capacity_bytes", "Capacity of the node in bytes"),
    )
    fill, chunks = (
        gauge("fill_ratio", "Used bytes divided by capacity"),
        gauge("chunks", "Chunks stored on the node"),
    )
    for node in store.blobs.cluster.status():
        label = str(node.id)
        up.add(node.up, node=label)
        state.add(1, node=label, state=node.state)
        used.add(node.used_bytes, node=label)
        chunks.add(node.chunks, node=label)
        if node.capacity_bytes:
            capacity.add(node.capacity_bytes, node=label)
            fill.add(node.used_bytes / node.capacity_bytes, node=label)
    return [up, state, used, capacity, fill, chunks]


def _traffic_families(store: Store) -> list[Family]:
    seconds = Family(
        "sixfold_node_seconds", "histogram", "Seconds that a node took to answer a batch of requests"
    )
    errors = Family("sixfold_node_errors_total", "counter", "Failed requests to a node")
    sent = Family("sixfold_node_sent_bytes_total", "counter", "Bytes sent to a node")
    received = Family("sixfold_node_received_bytes_total", "counter", "Bytes received from a node")
    for member in store.blobs.cluster.members():
        label = str(member.id)
        errors.add(member.errors, node=label)
        if member.node is not None:
            traffic = member.node.traffic
            seconds.add_histogram(traffic.seconds, node=label)
            sent.add(traffic.sent_bytes, node=label)
            received.add(traffic.received_bytes, node=label)
    return [seconds, errors, sent, received]


def _cache_families(store: Store) -> list[Family]:
    hits = Family("sixfold_cache_hits_total", "counter", "Blobs and chunks found in a cache")
    misses = Family("sixfold_cache_misses_total", "counter", "Blobs and chunks not found in a cache")
    size = Family("sixfold_cache_bytes", "gauge", "Bytes of memory that a cache of this gateway uses")
    for name, cache in store.blobs.caches().items():
        hits.add(cache.hits, cache=name)
        misses.add(cache.misses, cache=name)
        size.add(cache.size_bytes, cache=name)
    return [hits, misses, size]


def _process_families() -> list[Family]:
    """The families that Prometheus's own client libraries have too. Without /proc (macOS) two are missing."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = Family("process_cpu_seconds_total", "counter", "CPU seconds used by the workers")
    cpu.add(used.ru_utime + used.ru_stime)
    build = Family("sixfold_build_info", "gauge", "1 for the running version", summed=False)
    build.add(1, version=__version__)
    started = Family(
        "process_start_time_seconds",
        "gauge",
        "Start time of this worker, in seconds since 1970",
        summed=False,
    )
    started.add(STARTED_S)
    families = [cpu, _gauge("sixfold_workers", "Worker processes", 1), started, build]
    with suppress(OSError):
        pages = int((PROC / "statm").read_text().split()[1])
        resident = pages * resource.getpagesize()
        families.append(
            _gauge("process_resident_memory_bytes", "Resident memory of the workers in bytes", resident)
        )
        files = len(os.listdir(PROC / "fd"))
        families.append(_gauge("process_open_fds", "Open file descriptors of the workers", files))
    return families


def _histogram(name: str, help_: str, values: Histogram) -> Family:
    family = Family(name, "histogram", help_)
    family.add_histogram(values)
    return family


def _gauge(name: str, help_: str, value: float) -> Family:
    family = Family(name, "gauge", help_)
    family.add(value)
    return family
