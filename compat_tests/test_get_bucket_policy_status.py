from __future__ import annotations

from compat_tests.support import S3, refused
from compat_tests.test_put_bucket_policy import policy


def is_public(s3: S3, bucket: str) -> bool:
    public: bool = s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    return public


def test_by_policy(s3: S3, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    assert not is_public(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, Effect="Allow"))
    assert is_public(s3, bucket)
    private = {"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, Effect="Allow", Condition=private))
    assert not is_public(s3, bucket)


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_policy_status(Bucket=bucket_name)
