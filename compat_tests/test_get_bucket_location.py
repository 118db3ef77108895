"""GetBucketLocation."""

from __future__ import annotations

from compat_tests.handmade import Raw
from compat_tests.support import S3, refused, xml


def test_us_east_1_has_no_name(s3: S3, raw: Raw, bucket_name: str) -> None:
    s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    assert s3.get_bucket_location(Bucket=bucket_name)["LocationConstraint"] is None
    root = xml(raw.ask("GET", f"/{bucket_name}", "location=").body)
    assert (root.tag, root.text) == ("LocationConstraint", None)


def test_another_region_has_its_name(s3: S3, bucket_name: str) -> None:
    s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket=bucket_name)["LocationConstraint"] == "eu-west-1"


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_location(Bucket=bucket_name)
