"""Observability: access log, metrics, status, logging.

Each finished request leaves one `AccessRecord`, which is passed to every *sink* of the gateway: the access
log, the metrics, the access logs of buckets. Sinks are plain functions that neither block nor raise; they
defer slow work.
"""

from __future__ import annotations

from s3api.observe.record import CLIENT_GONE, CUT_SHORT, AccessRecord, Sink, Sinks

__all__ = ["CLIENT_GONE", "CUT_SHORT", "AccessRecord", "Sink", "Sinks"]
