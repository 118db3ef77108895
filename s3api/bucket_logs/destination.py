"""Parses a bucket's logging configuration, and names its log objects.

The document is the JSON of PutBucketLogging's `BucketLoggingStatus`. Keys ("Log object key format"):

    [prefix]YYYY-MM-DD-hh-mm-ss-[16 hex digits]
    [prefix][account]/[region]/[bucket]/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-[16 hex digits]

The times are those of the delivery. With PartitionDateSource EventTime they are the day of the records, at
00-00-00, and an object contains the records of one day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DAY_US = 86_400_000_000
JOURNAL = "Journal"
_CEPH_SETTINGS = frozenset({"LoggingType", "ObjectRollTime", "RecordsBatchSize", "Filter"})


@dataclass(frozen=True, slots=True)
class LogDestination:
    """Where the access log of a bucket goes, and in which form.

    `partitioned`: keys contain account, region, bucket and date; the date of the records if `by_event_time`,
    else of the delivery.

    Ceph's additions (`has_ceph_settings`: at least one is used): `journal`: log changes only, of keys with
    `key_prefix` and `key_suffix`; `every_s`: deliver this long after the first line, 0 for the default.
    """

    bucket: str
    prefix: str
    partitioned: bool = False
    by_event_time: bool = False
    has_ceph_settings: bool = False
    journal: bool = False
    every_s: int = 0
    key_prefix: str = ""
    key_suffix: str = ""

    def includes_key(self, key: str | None) -> bool:
        """Whether a change of this key belongs into the journal."""
        return key is not None and key.startswith(self.key_prefix) and key.endswith(self.key_suffix)

    def day(self, time_us: int) -> int:
        """Return the day of a record, 0 unless `by_event_time`. A log object has records of one day only."""
        return time_us // DAY_US if self.by_event_time else 0

    def key(self, *, account: str, region: str, bucket: str, delivered_us: int, day: int, unique: str) -> str:
        """Return the key of a log object of the source `bucket`; `day`: of its records."""
        at = datetime.fromtimestamp((day * DAY_US if self.by_event_time else delivered_us) // 1_000_000, UTC)
        name = f"{at:%Y-%m-%d-%H-%M-%S}-{unique}"
        if not self.partitioned:
            return self.prefix + name
        return f"{self.prefix}{account}/{region}/{bucket}/{at:%Y/%m/%d}/{name}"


def parse_destination(document: Mapping[str, Any]) -> LogDestination | None:
    """Parse a BucketLoggingStatus; None if it turns logging off."""
    enabled = document.get("LoggingEnabled")
    if not enabled:
        return None
    partitioned = (enabled.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix")
    return LogDestination(
        enabled["TargetBucket"],
        enabled.get("TargetPrefix") or "",
        partitioned=partitioned is not None,
        by_event_time=(partitioned or {}).get("PartitionDateSource") == "EventTime",
        **_ceph_settings(enabled),
    )


def _ceph_settings(enabled: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of Ceph's extensions."""
    if _CEPH_SETTINGS.isdisjoint(enabled):
        return {}
    rules = ((enabled.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    bounds = {rule["Name"].lower(): rule["Value"] for rule in rules}
    return {
        "has_ceph_settings": True,
        "journal": enabled.get("LoggingType") == JOURNAL,
        "every_s": enabled.get("ObjectRollTime") or 0,
        "key_prefix": bounds.get("prefix", ""),
        "key_suffix": bounds.get("suffix", ""),
    }
