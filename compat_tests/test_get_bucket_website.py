"""GetBucketWebsite."""

from __future__ import annotations

from compat_tests.configurations import WEBSITE
from compat_tests.support import S3, refused

CHANGED = {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchWebsiteConfiguration", 404):
        WEBSITE.get(s3, bucket)


def test_the_newest_is_returned(s3: S3, bucket: str) -> None:
    WEBSITE.put(s3, bucket)
    assert WEBSITE.get(s3, bucket) == WEBSITE.document
    WEBSITE.put(s3, bucket, CHANGED)
    assert WEBSITE.get(s3, bucket) == CHANGED


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        WEBSITE.get(s3, bucket_name)
