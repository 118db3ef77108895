"""PutBucketWebsite."""

from __future__ import annotations

import pytest

from compat_tests.configurations import WEBSITE, Document
from compat_tests.support import S3, refused, status_of


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(WEBSITE.put(s3, bucket)) == 200
    assert WEBSITE.get(s3, bucket) == WEBSITE.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "a"}, "IndexDocument": {"Suffix": "i"}}, "InvalidArgument"),
        (
            {"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "404"}}]},
            "InvalidRequest",
        ),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    WEBSITE.put(s3, bucket)
    with refused(code, 400):
        WEBSITE.put(s3, bucket, document)
    assert WEBSITE.get(s3, bucket) == WEBSITE.document


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        WEBSITE.put(s3, bucket_name)
