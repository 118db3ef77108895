"""What makes a bucket's policy public: the examples of "The meaning of public" in S3's User Guide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3api.access.policy import is_public, read_bucket_policy


def public(condition: dict[str, Any] | None = None, **changes: Any) -> bool:
    body = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:PutObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        **({"Condition": condition} if condition else {}),
        **changes,
    }
    return is_public(read_bucket_policy(json.dumps({"Version": "2012-10-17", "Statement": body}), "bucket"))


def test_by_principal() -> None:
    assert public()
    assert public(Principal={"AWS": "*"})
    assert not public(Principal={"AWS": "111122223333"})
    assert not public(Effect="Deny")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}, False),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-91237329"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "${aws:username}"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/32", "0.0.0.0/0"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"IpAddress": {"aws:SourceIp": "::/0"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:111122223333:topic"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*"}}, True),
        ({"StringLike": {"aws:Referer": "http://www.example.com/"}}, True),
        ({"StringEquals": {"s3:x-amz-acl": "private"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567"}}, False),
    ],
)
def test_by_condition(condition: dict[str, Any], expected: bool) -> None:
    assert public(condition) is expected
