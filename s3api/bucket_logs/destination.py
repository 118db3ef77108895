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
JOURNAL = "Journal"
EXTENSION = frozenset({"LoggingType", "ObjectRollTime", "RecordsBatchSize", "Filter"})


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the log of a bucket goes. `partitioned`, by the day of its records where `by_event`.

    By what Ceph has beside AWS (`extended`): `journal`, a log of changes alone, of keys between `starts` and
    `ends`; `every_s`, when a log object is delivered.
    """

    bucket: str
    prefix: str
    partitioned: bool = False
    by_event: bool = False
    extended: bool = False
    journal: bool = False
    every_s: int = 0
    starts: str = ""
    ends: str = ""

    def minds(self, key: str | None) -> bool:
        """Whether its journal has changes of that key."""
        return key is not None and key.startswith(self.starts) and key.endswith(self.ends)

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
        **_extension(enabled),
    )


def _extension(enabled: Mapping[str, Any]) -> dict[str, Any]:
    if EXTENSION.isdisjoint(enabled):
        return {}
    rules = ((enabled.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    bounds = {rule["Name"].lower(): rule["Value"] for rule in rules}
    return {
        "extended": True,
        "journal": enabled.get("LoggingType") == JOURNAL,
        "every_s": enabled.get("ObjectRollTime") or 0,
        "starts": bounds.get("prefix", ""),
        "ends": bounds.get("suffix", ""),
    }
