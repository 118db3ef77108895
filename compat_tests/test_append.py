"""Append: PutObject with x-amz-write-offset-bytes. AWS has it in directory buckets alone."""

from __future__ import annotations

import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compat_tests.support import S3, bytes_of, refused

ONE, TWO, THREE = bytes_of(70_000), b"two", bytes_of(6_500_000)
METHODS: list[dict[str, Any]] = [
    {},
    {"ServerSideEncryption": "AES256"},
    {"ServerSideEncryption": "aws:kms"},
    {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
]


def key_of(method: dict[str, Any]) -> dict[str, Any]:
    """What requests after the first have to say."""
    return method if "SSECustomerKey" in method else {}


@pytest.mark.parametrize("method", METHODS, ids=["plain", "SSE-S3", "SSE-KMS", "SSE-C"])
def test_bytes_behind_bytes(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE, Metadata={"a": "b"}, ContentType="text/log", **method)
    size, whole = len(ONE), ONE
    for more in (TWO, THREE):
        put = s3.put_object(Bucket=bucket, Key="k", Body=more, WriteOffsetBytes=size, **key_of(method))
        whole += more
        size = len(whole)
        assert put["Size"] == size
        got = s3.get_object(Bucket=bucket, Key="k", **key_of(method))
        assert (got["Body"].read(), got["ETag"]) == (whole, put["ETag"])
    assert (got["Metadata"], got["ContentType"]) == ({"a": "b"}, "text/log")
    assert got.get("ServerSideEncryption") == method.get("ServerSideEncryption")
    border = len(ONE)
    got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={border - 2}-{border + 9}", **key_of(method))
    assert got["Body"].read() == whole[border - 2 : border + 10]


def test_at_nought_it_makes_the_object(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE, WriteOffsetBytes=0, Metadata={"a": "b"})
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (ONE, {"a": "b"})
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.put_object(Bucket=bucket, Key="empty", Body=TWO, WriteOffsetBytes=0)
    assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == TWO


@pytest.mark.parametrize("offset", [0, 1, len(ONE) - 1, len(ONE) + 1])
def test_anywhere_else_it_is_refused(s3: S3, bucket: str, offset: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE)
    with refused("InvalidWriteOffset", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=offset)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == ONE
    if offset:
        with refused("InvalidWriteOffset", 400):
            s3.put_object(Bucket=bucket, Key="none", Body=TWO, WriteOffsetBytes=offset)


def test_with_a_condition(s3: S3, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=ONE)["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE), IfMatch='"another"')
    s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE), IfMatch=etag)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(ONE + TWO)


def test_each_is_a_version(s3: S3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=ONE)["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE))["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == ONE
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=second)["Body"].read() == ONE + TWO


def test_a_crc_of_the_whole_goes_on(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE, ChecksumAlgorithm="CRC32")
    s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE), ChecksumAlgorithm="CRC32")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == b64encode(zlib.crc32(ONE + TWO).to_bytes(4, "big")).decode()


def test_what_was_said_before_cannot_be_said_again(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE)
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE), Metadata={"a": "c"})
    with refused("EncryptionTypeMismatch", 400):
        s3.put_object(
            Bucket=bucket, Key="k", Body=TWO, WriteOffsetBytes=len(ONE), ServerSideEncryption="aws:kms"
        )


def test_of_many_at_one_offset_one_wins(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=ONE)

    def attempt(number: int) -> str:
        body = bytes([number]) * 1000
        try:
            s3.put_object(Bucket=bucket, Key="k", Body=body, WriteOffsetBytes=len(ONE))
        except ClientError as why:
            return str(why.response["Error"]["Code"])
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert outcomes.count("won") == 1
    assert set(outcomes) <= {"won", "InvalidWriteOffset", "ConditionalRequestConflict"}
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(ONE) + 1000
