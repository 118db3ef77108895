from __future__ import annotations

from compat_tests.support import S3, body_of, refused, status_of
from compat_tests.test_put_bucket_policy import policy


def test_it_counts_no_more(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="no", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    assert status_of(s3.delete_bucket_policy(Bucket=bucket)) == 204
    assert body_of(s3, bucket, "no") == b"x"
    with refused("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)
    assert status_of(s3.delete_bucket_policy(Bucket=bucket)) == 204


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.delete_bucket_policy(Bucket=bucket_name)
