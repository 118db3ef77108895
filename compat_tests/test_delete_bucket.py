"""DeleteBucket."""

from __future__ import annotations

from compat_tests.support import S3, Upload, refused, refused_head, status_of


def test_it_is_gone(s3: S3, bucket: str) -> None:
    assert status_of(s3.delete_bucket(Bucket=bucket)) == 204
    with refused_head(404):
        s3.head_bucket(Bucket=bucket)
    assert bucket not in [b["Name"] for b in s3.list_buckets()["Buckets"]]


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404) as error:
        s3.delete_bucket(Bucket=bucket_name)
    assert error["BucketName"] == bucket_name


def test_one_with_objects_stays(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with refused("BucketNotEmpty", 409) as error:
        s3.delete_bucket(Bucket=bucket)
    assert error["BucketName"] == bucket
    s3.head_object(Bucket=bucket, Key="k")


def test_uploads_in_progress_do_not_hold_it(s3: S3, bucket: str) -> None:
    Upload.start(s3, bucket, "k").put(1, b"part")
    assert status_of(s3.delete_bucket(Bucket=bucket)) == 204


def test_the_name_may_be_used_again_and_the_bucket_is_new(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="old", Body=b"")
    s3.delete_object(Bucket=bucket, Key="old")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
