from __future__ import annotations

from typing import Any

from s3api.bucket_logs.destination import DAY_US, LogDestination, parse_destination

AT_US = 1_549_411_238_000_000


def enabled(**more: Any) -> LogDestination:
    found = parse_destination({"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p/", **more}})
    assert found
    return found


def key(where: LogDestination, day: int = 0) -> str:
    return where.key(
        account="123456789012",
        region="us-east-1",
        bucket="b",
        delivered_us=AT_US,
        day=day,
        unique="0123456789ABCDEF",
    )


def test_cephs_extensions() -> None:
    assert not enabled().has_ceph_settings
    assert enabled(ObjectRollTime=5).every_s == 5
    rules = [{"Name": "prefix", "Value": "a/"}, {"Name": "suffix", "Value": ".txt"}]
    journal = enabled(LoggingType="Journal", Filter={"Key": {"FilterRules": rules}})
    assert journal.has_ceph_settings
    assert journal.journal
    assert [key for key in ("a/b.txt", "b.txt", "a/b", None) if journal.includes_key(key)] == ["a/b.txt"]


def test_off() -> None:
    assert parse_destination({}) is None


def test_simple_names_are_the_default() -> None:
    assert key(enabled()) == "p/2019-02-06-00-00-38-0123456789ABCDEF"
    assert key(enabled(TargetObjectKeyFormat={"SimplePrefix": {}})) == key(enabled())
    assert key(enabled(TargetPrefix="")) == "2019-02-06-00-00-38-0123456789ABCDEF"


def test_partitioned_by_delivery() -> None:
    where = enabled(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}})
    assert key(where) == "p/123456789012/us-east-1/b/2019/02/06/2019-02-06-00-00-38-0123456789ABCDEF"
    assert where.day(AT_US) == where.day(AT_US + DAY_US)
    assert where == enabled(TargetObjectKeyFormat={"PartitionedPrefix": {}})


def test_partitioned_by_event() -> None:
    where = enabled(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    yesterday = where.day(AT_US - DAY_US)
    assert yesterday == where.day(AT_US) - 1
    assert key(where, yesterday) == (
        "p/123456789012/us-east-1/b/2019/02/05/2019-02-05-00-00-00-0123456789ABCDEF"
    )
