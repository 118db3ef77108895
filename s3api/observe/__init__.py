"""Seeing inside a gateway: what each request was, how many there were and how long they took.

A request leaves one `AccessRecord` when it is over, and every *sink* of the gateway is handed it: the access
log, the metrics, whoever else keeps account of requests. Sinks are plain functions that neither block nor
raise; what is slow, they put off.
"""

from __future__ import annotations

from s3api.observe.record import CLIENT_GONE, CUT_SHORT, AccessRecord, Sink, Sinks

__all__ = ["CLIENT_GONE", "CUT_SHORT", "AccessRecord", "Sink", "Sinks"]
