from __future__ import annotations

import json
from typing import Any

import pytest

from compat_tests.support import S3, refused


def policy(bucket: str, **changes: Any) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/no",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]})


def test_it_is_returned_as_it_was_sent(s3: S3, bucket: str) -> None:
    text = policy(bucket, Sid="spaces  stay") + "\n"
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text


def test_it_counts_at_once(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="no", Body=b"")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="no")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "Policy has invalid resource"),
        ({"Action": "s3:Nonsense"}, "Policy has invalid action"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
        ({"Principal": {"AWS": "nobody"}}, "Invalid principal in policy"),
        ({"Effect": "Perhaps"}, "Invalid effect: Perhaps"),
        ({"Condition": {"StringAlmost": {"aws:Referer": "x"}}}, "Invalid Condition type : StringAlmost"),
    ],
)
def test_refusals(s3: S3, bucket: str, changes: dict[str, Any], message: str) -> None:
    with refused("MalformedPolicy", 400) as told:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, **changes))
    assert told["Message"] == message
    with refused("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)


def test_no_json(s3: S3, bucket: str) -> None:
    with refused("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy="{")


def test_too_long(s3: S3, bucket: str) -> None:
    with refused("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, Sid="a" * 20_480))


def test_a_public_one_is_blocked_as_buckets_are_made(s3: S3, bucket: str) -> None:
    allow = policy(bucket, Effect="Allow")
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket=bucket, Policy=allow)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=allow)
