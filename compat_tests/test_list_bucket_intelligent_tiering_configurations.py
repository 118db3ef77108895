"""ListBucketIntelligentTieringConfigurations."""

from __future__ import annotations

from compat_tests.configurations import TIERING
from compat_tests.support import S3, refused

LIST = TIERING.member + "List"


def test_all_by_id(s3: S3, bucket: str) -> None:
    empty = TIERING.page(s3, bucket)
    assert (empty.get(LIST, []), empty["IsTruncated"]) == ([], False)
    for name in ("b", "a", "c"):
        TIERING.put(s3, bucket, TIERING.with_id(name), Id=name)
    page = TIERING.page(s3, bucket)
    assert page[LIST] == [TIERING.with_id(name) for name in "abc"]
    assert not page["IsTruncated"]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        TIERING.page(s3, bucket_name)
