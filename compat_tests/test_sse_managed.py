"""SSE-S3 and SSE-KMS: encryption that the endpoint's own keys, or its key service's, do."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from compat_tests.handmade import Raw
from compat_tests.support import S3, Upload, big_part, bytes_of, etag_of, path_of, refused

BODY = bytes_of(150_000)
S3_MANAGED: dict[str, Any] = {"ServerSideEncryption": "AES256"}
KMS: dict[str, Any] = {"ServerSideEncryption": "aws:kms"}
BUCKET_KEY = KMS | {"BucketKeyEnabled": True}
ALL = pytest.mark.parametrize(
    "method", [S3_MANAGED, KMS, BUCKET_KEY], ids=["SSE-S3", "SSE-KMS", "bucket key"]
)
NAMES = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in NAMES if name in answer}


@ALL
@pytest.mark.parametrize("size", [0, 1, 150_000, 7_000_000])
def test_what_was_put_comes_back_and_says_how_it_lies(
    s3: S3, bucket: str, method: dict[str, Any], size: int
) -> None:
    body = bytes_of(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **method)
    assert method.items() <= said(put).items()
    assert ("SSEKMSKeyId" in put) == (method is not S3_MANAGED)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ETag"], said(got)) == (body, put["ETag"], said(put))
    assert said(s3.head_object(Bucket=bucket, Key="k")) == said(put)
    assert (put["ETag"] == etag_of(body)) == (method is S3_MANAGED)


@ALL
def test_ranges_and_conditions_are_of_the_plaintext(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **method)["ETag"]
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65519-65600", IfMatch=etag)
    assert got["Body"].read() == BODY[65_519:65_601]
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=-7")["Body"].read() == BODY[-7:]


@ALL
def test_parts(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", **method)
    at = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    bodies, parts = [big_part(1), BODY], []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(**at, PartNumber=number, Body=body)
        assert said(part) == said(begun)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    assert said(done) == said(begun)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), said(got)) == (b"".join(bodies), said(begun))
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=2)["Body"].read() == BODY


@ALL
@pytest.mark.parametrize("target", [{}, S3_MANAGED, KMS], ids=["nothing asked", "SSE-S3", "SSE-KMS"])
def test_copies(s3: S3, bucket: str, method: dict[str, Any], target: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, **method)
    source = {"Bucket": bucket, "Key": "source"}
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, **target)
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert got["Body"].read() == BODY
    assert got["ServerSideEncryption"] == target.get("ServerSideEncryption", "AES256")
    assert said(copied) == said(got)
    s3.delete_object(**source)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY


@ALL
def test_a_plain_object_copied_onto_itself_becomes_encrypted(
    s3: S3, bucket: str, method: dict[str, Any]
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata={"a": "b"})
    s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k"}, **method)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (BODY, {"a": "b"})
    assert got["ServerSideEncryption"] == method["ServerSideEncryption"]


@ALL
def test_a_part_copied_into_an_encrypted_upload(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, **KMS)
    at = {"Bucket": bucket, "Key": "k"}
    upload_id = s3.create_multipart_upload(**at, **method)["UploadId"]
    source = {"Bucket": bucket, "Key": "source"}
    copied = s3.upload_part_copy(
        **at, UploadId=upload_id, PartNumber=1, CopySource=source, CopySourceRange="bytes=70000-139999"
    )
    assert copied["ServerSideEncryption"] == method["ServerSideEncryption"]
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**at, UploadId=upload_id, MultipartUpload={"Parts": parts})
    assert s3.get_object(**at)["Body"].read() == BODY[70_000:140_000]


def test_an_encrypted_part_copied_into_a_plain_upload(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, **S3_MANAGED)
    upload = Upload.start(s3, bucket, "k")
    copied = s3.upload_part_copy(
        Bucket=bucket,
        Key="k",
        UploadId=upload.id,
        PartNumber=1,
        CopySource={"Bucket": bucket, "Key": "source"},
    )
    assert copied["CopyPartResult"]["ETag"] == etag_of(BODY)
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload.id, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY


def test_checksums_are_of_the_plaintext(s3: S3, bucket: str) -> None:
    sha256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumSHA256=sha256, **KMS)
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"}, **S3_MANAGED)
    assert s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256


def test_a_kms_key_is_named_by_its_arn(s3: S3, bucket: str) -> None:
    arn = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **KMS)["SSEKMSKeyId"]
    assert arn.startswith("arn:aws:kms:")
    for name in (arn, arn.rpartition("/")[2]):
        put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, SSEKMSKeyId=name, **KMS)
        assert put["SSEKMSKeyId"] == arn
    with refused("KMS.NotFoundException", 400) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, SSEKMSKeyId="fake-key-id", **KMS)
    assert error["Message"] == "Invalid keyId 'fake-key-id'"


def test_an_encryption_context(s3: S3, bucket: str) -> None:
    context = base64.b64encode(b'{"dept":"x"}').decode()
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, SSEKMSEncryptionContext=context, **KMS)
    assert put["SSEKMSEncryptionContext"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, SSEKMSEncryptionContext="{}", **KMS)


@pytest.mark.parametrize(
    "method",
    [
        {"ServerSideEncryption": "aes:kms"},
        {"SSEKMSKeyId": "some-key"},
        S3_MANAGED | {"SSEKMSKeyId": "some-key"},
    ],
    ids=["no method", "a key and no method", "a key and another method"],
)
def test_what_does_not_fit_together(s3: S3, bucket: str, method: dict[str, Any]) -> None:
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **method)


@pytest.mark.parametrize("http_method", ["GET", "HEAD"])
def test_a_read_does_not_say_how_to_encrypt(raw: Raw, s3: S3, bucket: str, http_method: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, **S3_MANAGED)
    headers = {"x-amz-server-side-encryption": "AES256"}
    answer = raw.ask(http_method, path_of(bucket, "k"), headers=headers)
    assert answer.status == 400


@pytest.mark.parametrize("algorithm", ["AES256", "aws:kms"])
def test_a_buckets_default_is_for_what_says_nothing(s3: S3, bucket: str, algorithm: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert said(put)["ServerSideEncryption"] == algorithm
    assert put.get("BucketKeyEnabled", False) == (algorithm == "aws:kms")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), said(got)) == (BODY, said(put))
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts")
    assert begun["ServerSideEncryption"] == algorithm
    asked = s3.put_object(Bucket=bucket, Key="asked", Body=BODY, **S3_MANAGED)
    assert said(asked) == S3_MANAGED
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "asked"})
    assert said(copied) == said(put)


def test_a_bucket_may_block_customers_keys(s3: S3, bucket: str) -> None:
    rule = {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    with refused("AccessDenied", 403):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, **key)
    with refused("AccessDenied", 403):
        s3.create_multipart_upload(Bucket=bucket, Key="k", **key)
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
