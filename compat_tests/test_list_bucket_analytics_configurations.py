"""ListBucketAnalyticsConfigurations."""

from __future__ import annotations

from compat_tests.configurations import ANALYTICS
from compat_tests.support import S3, refused

LIST = ANALYTICS.member + "List"


def test_all_by_id(s3: S3, bucket: str) -> None:
    empty = ANALYTICS.page(s3, bucket)
    assert (empty.get(LIST, []), empty["IsTruncated"]) == ([], False)
    for name in ("b", "a", "c"):
        ANALYTICS.put(s3, bucket, ANALYTICS.with_id(name), Id=name)
    page = ANALYTICS.page(s3, bucket)
    assert page[LIST] == [ANALYTICS.with_id(name) for name in "abc"]
    assert not page["IsTruncated"]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        ANALYTICS.page(s3, bucket_name)
