"""HeadBucket."""

from __future__ import annotations

from compat_tests.handmade import Raw
from compat_tests.support import S3, Endpoint, refused_head, status_of


def test_it_tells_the_region(s3: S3, bucket: str, endpoint: Endpoint) -> None:
    answer = s3.head_bucket(Bucket=bucket)
    assert (status_of(answer), answer["BucketRegion"]) == (200, endpoint.region)


def test_it_has_no_body(raw: Raw, bucket: str) -> None:
    answer = raw.ask("HEAD", f"/{bucket}")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/xml"


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused_head(404):
        s3.head_bucket(Bucket=bucket_name)


def test_expected_owner_that_is_not_the_owner(s3: S3, bucket: str) -> None:
    with refused_head(403):
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="999999999999")
