"""RestoreObject. AWS takes hours to do it; an endpoint whose archive is at hand has done it at once."""

from __future__ import annotations

import pytest

from compat_tests.support import S3, refused, status_of


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_restored(s3: S3, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=storage_class, ContentType="text/plain")
    assert "Restore" not in s3.head_object(Bucket=bucket, Key="k")
    restored = s3.restore_object(
        Bucket=bucket, Key="k", RestoreRequest={"Days": 3, "GlacierJobParameters": {"Tier": "Standard"}}
    )
    assert status_of(restored) == 202
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Restore"].startswith('ongoing-request="')
    assert (head["StorageClass"], head["ContentType"]) == (storage_class, "text/plain")


def test_a_second_restore_moves_its_end(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    before = s3.head_object(Bucket=bucket, Key="k")["Restore"]
    if 'ongoing-request="true"' in before:
        pytest.skip("the endpoint takes its time")
    assert status_of(s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 9})) == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] != before


def test_a_copy_is_not_restored(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER", Metadata={"a": "b"})
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    s3.copy_object(
        Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"}, StorageClass="GLACIER"
    )
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert head["Metadata"] == {"a": "b"}
    assert "Restore" not in head


@pytest.mark.parametrize("storage_class", ["STANDARD", "GLACIER_IR"])
def test_what_was_never_archived(s3: S3, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=storage_class)
    with refused("InvalidObjectState", 403):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})


def test_bad_requests(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    with refused("MalformedXML", 400):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={})
    with refused("InvalidArgument", 400):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 0})
    with refused("NoSuchKey", 404):
        s3.restore_object(Bucket=bucket, Key="none", RestoreRequest={"Days": 1})
