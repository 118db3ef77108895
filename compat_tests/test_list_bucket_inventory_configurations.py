"""ListBucketInventoryConfigurations."""

from __future__ import annotations

from compat_tests.configurations import INVENTORY
from compat_tests.support import S3, refused

LIST = INVENTORY.member + "List"


def test_all_by_id(s3: S3, bucket: str) -> None:
    empty = INVENTORY.page(s3, bucket)
    assert (empty.get(LIST, []), empty["IsTruncated"]) == ([], False)
    for name in ("b", "a", "c"):
        INVENTORY.put(s3, bucket, INVENTORY.with_id(name), Id=name)
    page = INVENTORY.page(s3, bucket)
    assert page[LIST] == [INVENTORY.with_id(name) for name in "abc"]
    assert not page["IsTruncated"]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        INVENTORY.page(s3, bucket_name)
