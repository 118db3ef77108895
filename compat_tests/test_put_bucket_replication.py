"""PutBucketReplication."""

from __future__ import annotations

import pytest

from compat_tests.configurations import REPLICATION, Document
from compat_tests.support import S3, refused

RULE = REPLICATION.document["Rules"][0]


def enable(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def without(*names: str) -> Document:
    return {**REPLICATION.document, "Rules": [{name: RULE[name] for name in RULE if name not in names}]}


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    enable(s3, bucket)
    REPLICATION.put(s3, bucket)
    assert REPLICATION.get(s3, bucket) == REPLICATION.document


def test_a_bucket_without_versioning(s3: S3, bucket: str) -> None:
    with refused("InvalidRequest", 400):
        REPLICATION.put(s3, bucket)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (without("Priority"), "InvalidRequest"),
        (without("DeleteMarkerReplication"), "InvalidRequest"),
        ({**REPLICATION.document, "Rules": []}, "MalformedXML"),
        ({**REPLICATION.document, "Rules": [{**RULE, "Destination": {"Bucket": "b"}}]}, "InvalidArgument"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    enable(s3, bucket)
    with refused(code, 400):
        REPLICATION.put(s3, bucket, document)
    with refused(REPLICATION.code, 404):
        REPLICATION.get(s3, bucket)
