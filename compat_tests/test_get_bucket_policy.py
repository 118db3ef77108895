from __future__ import annotations

import json

from compat_tests.support import S3, refused
from compat_tests.test_put_bucket_policy import policy


def test_there_is_none(s3: S3, bucket: str) -> None:
    with refused("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)


def test_no_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.get_bucket_policy(Bucket=bucket_name)


def test_the_newest_is_returned_as_it_was_put(s3: S3, bucket: str) -> None:
    for effect in ("Allow", "Deny"):
        text = policy(
            bucket, Effect=effect, Principal={"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": "true"}}
        )
        s3.delete_public_access_block(Bucket=bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
