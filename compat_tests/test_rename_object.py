"""RenameObject. AWS has it in directory buckets alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compat_tests.support import FAR_AHEAD, LONG_AGO, S3, bytes_of, refused, refused_head

BODY = bytes_of(100_000)
KEPT = ("ETag", "LastModified", "ContentType", "Metadata", "ContentLength", "ChecksumCRC32")


def rename(s3: S3, bucket: str, source: str, target: str, **more: Any) -> None:
    s3.rename_object(Bucket=bucket, Key=target, RenameSource=source, **more)


def head(s3: S3, bucket: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    return found


@pytest.mark.parametrize(
    "method", [{}, {"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "aws:kms"}]
)
def test_all_of_it_has_another_name(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    s3.put_object(
        Bucket=bucket, Key="a", Body=BODY, Metadata={"a": "b"}, ContentType="text/a", Tagging="t=1", **method
    )
    before = head(s3, bucket, "a")
    rename(s3, bucket, "a", "b/c d")
    after = head(s3, bucket, "b/c d")
    assert {name: after.get(name) for name in KEPT} == {name: before.get(name) for name in KEPT}
    assert s3.get_object(Bucket=bucket, Key="b/c d")["Body"].read() == BODY
    assert s3.get_object_tagging(Bucket=bucket, Key="b/c d")["TagSet"] == [{"Key": "t", "Value": "1"}]
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="a")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b/c d"]


def test_the_source_is_url_encoded(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ä +%/x", Body=b"x")
    rename(s3, bucket, "%C3%A4%20%2B%25%2Fx", "plain")
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"x"


def test_parts_stay_parts(s3: S3, bucket: str, multipart: tuple[str, list[bytes]]) -> None:
    key, bodies = multipart
    rename(s3, bucket, key, "renamed")
    assert s3.get_object(Bucket=bucket, Key="renamed", PartNumber=2)["Body"].read() == bodies[1]
    assert s3.get_object(Bucket=bucket, Key="renamed")["Body"].read() == b"".join(bodies)


def test_what_was_there_goes_unless_a_condition_forbids_it(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    s3.put_object(Bucket=bucket, Key="b", Body=b"there")
    with refused("PreconditionFailed", 412):
        rename(s3, bucket, "a", "b", DestinationIfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"there"
    rename(s3, bucket, "a", "b")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == BODY


@pytest.mark.parametrize(
    "condition",
    [
        {"SourceIfMatch": '"another"'},
        {"SourceIfNoneMatch": "*"},
        {"SourceIfModifiedSince": FAR_AHEAD},
        {"SourceIfUnmodifiedSince": LONG_AGO},
        {"DestinationIfMatch": '"another"'},
        {"DestinationIfModifiedSince": FAR_AHEAD},
        {"DestinationIfUnmodifiedSince": LONG_AGO},
    ],
    ids=lambda condition: next(iter(condition)),
)
def test_a_condition_that_does_not_hold(s3: S3, bucket: str, condition: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    s3.put_object(Bucket=bucket, Key="b", Body=b"there")
    with refused("PreconditionFailed", 412):
        rename(s3, bucket, "a", "b", **condition)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == BODY


def test_conditions_that_hold(s3: S3, bucket: str) -> None:
    source = s3.put_object(Bucket=bucket, Key="a", Body=BODY)["ETag"]
    target = s3.put_object(Bucket=bucket, Key="b", Body=b"there")["ETag"]
    rename(
        s3, bucket, "a", "b",
        SourceIfMatch=source, DestinationIfMatch=target, SourceIfUnmodifiedSince=FAR_AHEAD,
    )  # fmt: skip
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == BODY


def test_nothing_to_rename(s3: S3, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        rename(s3, bucket, "none", "b")
    s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    with refused("InvalidRequest", 400):
        rename(s3, bucket, "a", "a")


def test_a_token_makes_a_repetition_do_nothing(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"first")
    rename(s3, bucket, "a", "b", ClientToken="token-1")
    s3.put_object(Bucket=bucket, Key="a", Body=b"second")
    rename(s3, bucket, "a", "b", ClientToken="token-1")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"first"
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"second"
    with refused("IdempotencyParameterMismatch", 400):
        rename(s3, bucket, "a", "c", ClientToken="token-1")
    with refused("InvalidArgument", 400):
        rename(s3, bucket, "a", "c", ClientToken="a token")


def test_with_versioning_nothing_is_lost(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="a", Body=BODY)["VersionId"]
    older = s3.put_object(Bucket=bucket, Key="b", Body=b"there")["VersionId"]
    rename(s3, bucket, "a", "b")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == BODY
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="a")
    assert s3.get_object(Bucket=bucket, Key="a", VersionId=version)["Body"].read() == BODY
    assert s3.get_object(Bucket=bucket, Key="b", VersionId=older)["Body"].read() == b"there"
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == BODY


def test_of_many_to_one_name_one_wins(s3: S3, bucket: str) -> None:
    for number in range(8):
        s3.put_object(Bucket=bucket, Key=f"a{number}", Body=str(number).encode())

    def attempt(number: int) -> bool:
        try:
            rename(s3, bucket, f"a{number}", "b", DestinationIfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 8
    assert datetime.now(UTC) > s3.head_object(Bucket=bucket, Key="b")["LastModified"]
