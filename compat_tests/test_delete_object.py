"""DeleteObject, with "How to perform conditional deletes"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from compat_tests.handmade import Raw
from compat_tests.support import S3, body_of, etag_of, path_of, refused, refused_head, status_of


def test_it_is_gone(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert status_of(answer) == 204
    assert "VersionId" not in answer
    assert "DeleteMarker" not in answer
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_what_is_not_there_is_deleted_well_enough(raw: Raw, bucket: str) -> None:
    answer = raw.ask("DELETE", path_of(bucket, "never"))
    assert (answer.status, answer.body) == (204, b"")


def test_its_neighbours_stay(s3: S3, bucket: str) -> None:
    for key in ("a", "a/", "a/b", "ab"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=bucket, Key="a/")
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a", "a/b", "ab"]
    assert body_of(s3, bucket, "a") == b"a"


def test_no_such_bucket(s3: S3, bucket_name: str) -> None:
    with refused("NoSuchBucket", 404):
        s3.delete_object(Bucket=bucket_name, Key="k")


@pytest.mark.parametrize(
    "condition", [etag_of(b"x"), etag_of(b"x").strip('"'), "*"], ids=["quoted", "bare", "star"]
)
def test_if_match_that_holds(s3: S3, bucket: str, condition: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert status_of(s3.delete_object(Bucket=bucket, Key="k", IfMatch=condition)) == 204
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_if_match_that_fails(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("PreconditionFailed", 412) as error:
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag_of(b"y"))
    assert error["Condition"] == "If-Match"
    assert body_of(s3, bucket, "k") == b"x"


@pytest.mark.parametrize("condition", [etag_of(b"x"), "*"], ids=["etag", "star"])
def test_if_match_on_what_is_not_there(s3: S3, bucket: str, condition: str) -> None:
    with refused("NoSuchKey", 404):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=condition)


def test_size_and_time_are_conditions_of_directory_buckets(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("NotImplemented", 501):
        s3.delete_object(Bucket=bucket, Key="k", IfMatchSize=1)
    with refused("NotImplemented", 501):
        s3.delete_object(Bucket=bucket, Key="k", IfMatchLastModifiedTime=datetime(2026, 1, 1, tzinfo=UTC))
    assert body_of(s3, bucket, "k") == b"x"


def test_if_match_on_a_delete_marker(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag_of(b"y"))
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=put["ETag"])
    for condition in (put["ETag"], "*"):
        with refused("NoSuchKey", 404):
            s3.delete_object(Bucket=bucket, Key="k", IfMatch=condition)
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=put["VersionId"])["Body"].read() == b"x"


def test_version_null(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert status_of(s3.delete_object(Bucket=bucket, Key="k", VersionId="null")) == 204
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_of_many_conditional_deletes_one_wins(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    def delete(_: int) -> int:
        try:
            return status_of(s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag_of(b"x")))
        except ClientError as error:
            return status_of(error.response)

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(delete, range(16)))
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 404, 409, 412}
