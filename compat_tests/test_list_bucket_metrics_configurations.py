"""ListBucketMetricsConfigurations."""

from __future__ import annotations

from compat_tests.configurations import METRICS
from compat_tests.support import S3, refused

LIST = METRICS.member + "List"


def test_all_by_id(s3: S3, bucket: str) -> None:
    empty = METRICS.page(s3, bucket)
    assert (empty.get(LIST, []), empty["IsTruncated"]) == ([], False)
    for name in ("b", "a", "c"):
        METRICS.put(s3, bucket, METRICS.with_id(name), Id=name)
    page = METRICS.page(s3, bucket)
    assert page[LIST] == [METRICS.with_id(name) for name in "abc"]
    assert not page["IsTruncated"]


def test_pages(s3: S3, bucket: str) -> None:
    names = [f"m{number:03}" for number in range(101)]
    for name in names:
        METRICS.put(s3, bucket, METRICS.with_id(name), Id=name)
    first = METRICS.page(s3, bucket)
    assert first["IsTruncated"]
    second = METRICS.page(s3, bucket, ContinuationToken=first["NextContinuationToken"])
    assert second["ContinuationToken"] == first["NextContinuationToken"]
    assert not second["IsTruncated"]
    assert [one["Id"] for one in first[LIST] + second[LIST]] == names


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        METRICS.page(s3, bucket_name)
