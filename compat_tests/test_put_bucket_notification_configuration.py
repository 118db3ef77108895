"""PutBucketNotificationConfiguration."""

from __future__ import annotations

import pytest

from compat_tests.configurations import NOTIFICATION, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(NOTIFICATION.put(s3, bucket)) == 200
    assert NOTIFICATION.get(s3, bucket) == NOTIFICATION.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"QueueConfigurations": [{"QueueArn": "q", "Events": ["s3:ObjectCreated:*"]}]}, "InvalidArgument"),
        (
            {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:Nothing"]}]},
            "MalformedXML",
        ),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    NOTIFICATION.put(s3, bucket)
    with refused(code, 400):
        NOTIFICATION.put(s3, bucket, document)
    assert NOTIFICATION.get(s3, bucket) == NOTIFICATION.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        NOTIFICATION.put(s3, bucket_name)
