"""A bucket's logging configuration: where its log goes, and how the log objects are named.

The document is the JSON of PutBucketLogging's `BucketLoggingStatus`. Names ("Log object key format"):

    [prefix]YYYY-MM-DD-hh-mm-ss-[16 hex digits]
    [prefix][account]/[region]/[bucket]/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-[16 hex digits]

The times are those of the delivery; with PartitionDateSource EventTime they are the day of the records, at
00-00-00, and an object holds the records of one day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the log of a bucket goes. `partitioned`, by the day of its records where `by_event`."""

    bucket: str
    prefix: str
    partitioned: bool = False
    by_event: bool = False

    def day(self, time_us: int) -> int:
        """Records of different days, by this number, are not delivered in one object."""
        return time_us // DAY_US if self.by_event else 0

    def key(self, *, account: str, region: str, bucket: str, delivered_us: int, day: int, unique: str) -> str:
        """The key of a log object of the source `bucket`; `day` is that of its records."""
        at = datetime.fromtimestamp((day * DAY_US if self.by_event else delivered_us) // 1_000_000, UTC)
        name = f"{at:%Y-%m-%d-%H-%M-%S}-{unique}"
        if not self.partitioned:
            return self.prefix + name
        return f"{self.prefix}{account}/{region}/{bucket}/{at:%Y/%m/%d}/{name}"


def destination(document: Mapping[str, Any]) -> Destination | None:
    """None where the document turns logging off."""
    enabled = document.get("LoggingEnabled")
    if not enabled:
        return None
    partitioned = (enabled.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix")
    return Destination(
        enabled["TargetBucket"],
        enabled.get("TargetPrefix") or "",
        partitioned=partitioned is not None,
        by_event=(partitioned or {}).get("PartitionDateSource") == "EventTime",
    )
