"""PutBucketLifecycleConfiguration."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from compat_tests.configurations import LIFECYCLE, Document
from compat_tests.support import S3, refused, status_of


def rules(**more: Any) -> Document:
    return {"Rules": [{"Filter": {}, "Status": "Enabled", "Expiration": {"Days": 1}, **more}]}


def test_kept_and_returned_exactly(s3: S3, bucket: str) -> None:
    assert status_of(LIFECYCLE.put(s3, bucket)) == 200
    assert LIFECYCLE.get(s3, bucket) == LIFECYCLE.document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Rules": []}, "MalformedXML"),
        (rules(Status="enabled"), "MalformedXML"),
        (rules(Expiration={"Days": 0}), "InvalidArgument"),
        (rules(Expiration={"Days": -1}), "InvalidArgument"),
        (rules(ID="x" * 256), "InvalidArgument"),
        (rules(Prefix="a"), "MalformedXML"),
        (rules(Expiration={"Date": datetime(2030, 1, 1, 1, tzinfo=UTC)}), "InvalidArgument"),
        (rules(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}), "MalformedXML"),
        (
            rules(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}], Expiration={"Days": 60}),
            "InvalidArgument",
        ),
        ({"Rules": [{"Filter": {}, "Status": "Enabled"}]}, "InvalidRequest"),
        ({"Rules": rules(ID="a")["Rules"] * 2}, "InvalidArgument"),
        (rules(Filter={"Prefix": "a", "ObjectSizeGreaterThan": 1}), "MalformedXML"),
    ],
)
def test_what_is_refused_is_not_kept(s3: S3, bucket: str, document: Document, code: str) -> None:
    LIFECYCLE.put(s3, bucket)
    with refused(code, 400):
        LIFECYCLE.put(s3, bucket, document)
    assert LIFECYCLE.get(s3, bucket) == LIFECYCLE.document


def test_the_least_size_of_a_transition(s3: S3, bucket: str) -> None:
    name, varies = "TransitionDefaultMinimumObjectSize", "varies_by_storage_class"
    assert LIFECYCLE.put(s3, bucket)[name] == "all_storage_classes_128K"
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)[name] == "all_storage_classes_128K"
    assert LIFECYCLE.put(s3, bucket, **{name: varies})[name] == varies
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)[name] == varies


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        LIFECYCLE.put(s3, bucket_name)
