"""ListBuckets and its paging."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, Endpoint, refused


@pytest.fixture
def five(s3: S3, bucket_name: str) -> Iterator[list[str]]:
    names = [f"{bucket_name}-{letter}" for letter in "caebd"]
    for name in names:
        s3.create_bucket(Bucket=name)
    yield sorted(names)
    for name in names:
        s3.delete_bucket(Bucket=name)


def test_names_dates_and_owner(s3: S3, bucket: str) -> None:
    answer = s3.list_buckets()
    [entry] = [b for b in answer["Buckets"] if b["Name"] == bucket]
    assert abs(datetime.now(UTC) - entry["CreationDate"]) < timedelta(minutes=5)
    assert answer["Owner"]["ID"]


def test_they_come_in_order_and_by_prefix(s3: S3, bucket_name: str, five: list[str]) -> None:
    answer = s3.list_buckets(Prefix=bucket_name)
    assert [b["Name"] for b in answer["Buckets"]] == five
    assert answer["Prefix"] == bucket_name
    assert "ContinuationToken" not in answer


def test_a_paged_listing_tells_the_region(s3: S3, bucket: str, endpoint: Endpoint) -> None:
    [entry] = s3.list_buckets(Prefix=bucket, MaxBuckets=10)["Buckets"]
    assert entry["BucketRegion"] == endpoint.region


def test_pages_join_up(s3: S3, bucket_name: str, five: list[str]) -> None:
    pages = list(
        s3.get_paginator("list_buckets").paginate(Prefix=bucket_name, PaginationConfig={"PageSize": 2})
    )
    assert [[b["Name"] for b in page["Buckets"]] for page in pages] == [five[:2], five[2:4], five[4:]]


def test_a_full_last_page_has_no_token(s3: S3, bucket_name: str, five: list[str]) -> None:
    answer = s3.list_buckets(Prefix=bucket_name, MaxBuckets=5)
    assert len(answer["Buckets"]) == 5
    assert "ContinuationToken" not in answer


def test_by_region(s3: S3, bucket: str, endpoint: Endpoint) -> None:
    here = s3.list_buckets(Prefix=bucket, BucketRegion=endpoint.region)
    assert [b["Name"] for b in here["Buckets"]] == [bucket]
    elsewhere = s3.list_buckets(Prefix=bucket, BucketRegion="ap-south-2")
    assert elsewhere["Buckets"] == []


@pytest.mark.parametrize("value", ["0", "-1", "10001", "many"])
def test_max_buckets_out_of_range(raw: Raw, value: str) -> None:
    raw.ask("GET", "/", f"max-buckets={value}").refused("InvalidArgument", 400)


def test_a_token_that_nobody_gave(s3: S3) -> None:
    with refused("InvalidArgument", 400):
        s3.list_buckets(ContinuationToken="!! not a token !!")
