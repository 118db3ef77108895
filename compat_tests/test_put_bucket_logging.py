"""PutBucketLogging."""

from __future__ import annotations

from typing import Any

from compat_tests.configurations import LOGGING, Document, allow_log_delivery
from compat_tests.support import S3, refused


def into(bucket: str, **more: Any) -> Document:
    return {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "log/", **more}}


def test_kept_and_returned_exactly(s3: S3, bucket: str, other_bucket: str) -> None:
    allow_log_delivery(s3, bucket, other_bucket)
    for document in (
        into(other_bucket),
        into(other_bucket, TargetObjectKeyFormat={"SimplePrefix": {}}),
        into(other_bucket, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}),
    ):
        LOGGING.put(s3, bucket, document)
        assert LOGGING.get(s3, bucket) == document


def test_an_empty_status_ends_it(s3: S3, bucket: str, other_bucket: str) -> None:
    allow_log_delivery(s3, bucket, other_bucket)
    LOGGING.put(s3, bucket, into(other_bucket))
    LOGGING.put(s3, bucket, {})
    assert LOGGING.get(s3, bucket) == {}


def test_a_target_that_is_not_there(s3: S3, bucket: str) -> None:
    with refused("InvalidTargetBucketForLogging", 400):
        LOGGING.put(s3, bucket, into(bucket + "x"))


def test_a_target_that_lets_no_logs_in(s3: S3, bucket: str, other_bucket: str) -> None:
    with refused("InvalidTargetBucketForLogging", 400):
        LOGGING.put(s3, bucket, into(other_bucket))
    allow_log_delivery(s3, "another", other_bucket)
    with refused("InvalidTargetBucketForLogging", 400):
        LOGGING.put(s3, bucket, into(other_bucket))


def test_a_date_source_that_is_none(s3: S3, bucket: str, other_bucket: str) -> None:
    form = {"PartitionedPrefix": {"PartitionDateSource": "Noon"}}
    with refused("MalformedXML", 400):
        LOGGING.put(s3, bucket, into(other_bucket, TargetObjectKeyFormat=form))
    assert LOGGING.get(s3, bucket) == {}


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        LOGGING.put(s3, bucket_name)
