"""The four operations that AWS has superseded: the same requests as their successors', by older names."""

from __future__ import annotations

from compat_tests.support import S3


def test_lifecycle(s3: S3, bucket: str) -> None:
    rules = [{"ID": "old", "Prefix": "logs/", "Status": "Enabled", "Expiration": {"Days": 30}}]
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == rules
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules


def test_notification(s3: S3, bucket: str) -> None:
    answer = s3.get_bucket_notification(Bucket=bucket)
    assert not {name for name in answer if name.endswith("Configuration")}
    s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration={})
    assert not {name for name in s3.get_bucket_notification(Bucket=bucket) if name.endswith("Configuration")}
