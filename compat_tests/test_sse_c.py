"""SSE-C: objects under the client's own key, and what S3 says of a key that is missing, wrong or none.

Over plain HTTP AWS refuses it; the endpoints that these tests mean allow it there, or are asked by TLS. AWS
has blocked SSE-C on new buckets since April 2026: there the tests need it unblocked.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from compat_tests.support import (
    S3,
    Upload,
    answer_headers,
    big_part,
    bytes_of,
    etag_of,
    refused,
    refused_head,
)


def customer(byte: bytes, prefix: str = "") -> dict[str, Any]:
    key = byte * 32
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


ONE, TWO = customer(b"1"), customer(b"2")
BODY = bytes_of(200_000)
NO_KEY = "The object was stored using a form of Server Side Encryption."
SAID = {name: ONE[name] for name in ("SSECustomerAlgorithm", "SSECustomerKeyMD5")}


@pytest.fixture
def encrypted(s3: S3, bucket: str) -> dict[str, str]:
    s3.put_object(Bucket=bucket, Key="encrypted", Body=BODY, **ONE)
    return {"Bucket": bucket, "Key": "encrypted"}


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in answer if "SSE" in name or name == "ServerSideEncryption"}


def test_the_bytes_come_back_with_the_key(s3: S3, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **ONE)
    assert said(put) == SAID
    assert put["ETag"] != etag_of(BODY)
    got = s3.get_object(Bucket=bucket, Key="k", **ONE)
    assert (got["Body"].read(), got["ETag"], said(got)) == (BODY, put["ETag"], SAID)
    head = s3.head_object(Bucket=bucket, Key="k", **ONE)
    assert (head["ContentLength"], head["ETag"], said(head)) == (len(BODY), put["ETag"], SAID)


@pytest.mark.parametrize("size", [0, 1, 65_519, 65_520, 65_521, 131_073, 7_000_000])
def test_of_any_size(s3: S3, bucket: str, size: int) -> None:
    body = bytes_of(size)
    s3.put_object(Bucket=bucket, Key="k", Body=body, **ONE)
    assert s3.get_object(Bucket=bucket, Key="k", **ONE)["Body"].read() == body
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Size"] == size


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (65_519, 65_521), (65_520, 131_040), (100_000, 150_000), (199_999, 200_000)]
)
def test_ranges(s3: S3, encrypted: dict[str, str], start: int, stop: int) -> None:
    got = s3.get_object(**encrypted, Range=f"bytes={start}-{stop - 1}", **ONE)
    assert got["Body"].read() == BODY[start:stop]
    assert got["ContentRange"] == f"bytes {start}-{stop - 1}/{len(BODY)}"


def test_without_the_key_nothing_is_told(s3: S3, encrypted: dict[str, str]) -> None:
    with refused("InvalidRequest", 400) as error:
        s3.get_object(**encrypted)
    assert NO_KEY in error["Message"]
    with refused_head(400):
        s3.head_object(**encrypted)
    with refused("InvalidRequest", 400):
        s3.get_object_attributes(**encrypted, ObjectAttributes=["ETag"])
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=encrypted["Bucket"], Key="copy", CopySource=encrypted)


def test_with_another_key_neither(s3: S3, encrypted: dict[str, str]) -> None:
    with refused("AccessDenied", 403) as error:
        s3.get_object(**encrypted, **TWO)
    assert "must provide the correct secret key" in error["Message"]
    with refused_head(403):
        s3.head_object(**encrypted, **TWO)
    with refused("AccessDenied", 403):
        s3.get_object_attributes(**encrypted, ObjectAttributes=["ETag"], **TWO)


def test_attributes_with_the_key(s3: S3, encrypted: dict[str, str]) -> None:
    found = s3.get_object_attributes(**encrypted, ObjectAttributes=["ETag", "ObjectSize"], **ONE)
    assert found["ObjectSize"] == len(BODY)
    assert f'"{found["ETag"]}"' == s3.head_object(**encrypted, **ONE)["ETag"]


def test_a_key_for_an_object_without_one(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="plain", Body=b"plain")
    with refused("InvalidRequest", 400) as error:
        s3.get_object(Bucket=bucket, Key="plain", **ONE)
    assert error["Message"] == "The encryption parameters are not applicable to this object."
    with refused_head(400):
        s3.head_object(Bucket=bucket, Key="plain", **ONE)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"SSECustomerAlgorithm": "AES192"}, "InvalidEncryptionAlgorithmError"),
        ({"SSECustomerKeyMD5": TWO["SSECustomerKeyMD5"]}, "InvalidArgument"),
        (
            {
                "SSECustomerKey": base64.b64encode(b"short").decode(),
                "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(b"short").digest()).decode(),
            },
            "InvalidArgument",
        ),
        ({"ServerSideEncryption": "AES256"}, "InvalidArgument"),
    ],
    ids=["another algorithm", "another MD5", "a short key", "two methods"],
)
def test_what_is_no_customers_key_stores_nothing(
    s3: S3, bucket: str, changed: dict[str, str], code: str
) -> None:
    with refused(code, 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **(ONE | changed))
    with refused_head(404):
        s3.head_object(Bucket=bucket, Key="k")


def test_deleting_needs_no_key(s3: S3, encrypted: dict[str, str]) -> None:
    s3.delete_object(**encrypted)
    with refused_head(404):
        s3.head_object(**encrypted)


# --- copies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [{}, ONE, TWO], ids=["no key", "the same key", "another key"])
def test_a_copy_is_read_with_its_own_key(s3: S3, encrypted: dict[str, str], target: dict[str, Any]) -> None:
    source = customer(b"1", "CopySource")
    copied = s3.copy_object(Bucket=encrypted["Bucket"], Key="copy", CopySource=encrypted, **source, **target)
    got = s3.get_object(Bucket=encrypted["Bucket"], Key="copy", **target)
    assert got["Body"].read() == BODY
    assert got["ETag"] == copied["CopyObjectResult"]["ETag"]
    assert ("SSECustomerAlgorithm" in copied) == bool(target)
    if not target:
        assert got["ServerSideEncryption"] == "AES256"
        assert got["ETag"] == etag_of(BODY)


def test_a_plain_object_is_encrypted_by_copying_it(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="plain", Body=BODY)
    s3.copy_object(Bucket=bucket, Key="plain", CopySource={"Bucket": bucket, "Key": "plain"}, **ONE)
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="plain")
    assert s3.get_object(Bucket=bucket, Key="plain", **ONE)["Body"].read() == BODY


def test_a_copy_with_the_wrong_key_of_its_source(s3: S3, encrypted: dict[str, str]) -> None:
    with refused("AccessDenied", 403):
        s3.copy_object(
            Bucket=encrypted["Bucket"], Key="copy", CopySource=encrypted, **customer(b"2", "CopySource")
        )
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=encrypted["Bucket"], Key="copy", CopySource=encrypted, **ONE)


# --- multipart --------------------------------------------------------------------------------------


def test_parts_under_one_key(s3: S3, bucket: str) -> None:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", **ONE)["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload_id}
    bodies, parts = [big_part(1), bytes_of(100_001)], []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(**at, PartNumber=number, Body=body, **ONE)
        assert said(part) == SAID
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.list_parts(**at)
    with refused("InvalidRequest", 400):
        s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, **TWO)
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, **ONE)
    algorithm = "x-amz-server-side-encryption-customer-algorithm"
    assert answer_headers(done)[algorithm] == "AES256"
    whole = b"".join(bodies)
    got = s3.get_object(Bucket=bucket, Key="k", **ONE)
    assert (got["Body"].read(), got["ETag"], said(got)) == (whole, done["ETag"], SAID)
    border = len(bodies[0])
    got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={border - 9}-{border + 8}", **ONE)
    assert got["Body"].read() == whole[border - 9 : border + 9]
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=2, **ONE)["Body"].read() == bodies[1]
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_completion_with_checksums_wants_the_key(s3: S3, bucket: str) -> None:
    upload = Upload.start(s3, bucket, "k", ChecksumAlgorithm="CRC32", **ONE)
    upload.put(1, BODY, **ONE)
    with refused("InvalidRequest", 400):
        upload.complete()
    upload.complete(**ONE)
    assert s3.get_object(Bucket=bucket, Key="k", **ONE)["Body"].read() == BODY


def test_a_part_without_the_key_or_with_another(s3: S3, bucket: str) -> None:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", **ONE)["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload_id, "PartNumber": 1, "Body": b"x"}
    with refused("InvalidRequest", 400) as error:
        s3.upload_part(**at)
    assert "Subsequent part requests must include the appropriate encryption parameters" in error["Message"]
    with refused("InvalidRequest", 400) as error:
        s3.upload_part(**at, **TWO)
    assert error["Message"].startswith("The provided encryption parameters did not match the ones used")
    plain = Upload.start(s3, bucket, "plain")
    with refused("InvalidRequest", 400):
        s3.upload_part(Bucket=bucket, Key="plain", UploadId=plain.id, PartNumber=1, Body=b"x", **ONE)


def test_a_part_copied_from_one_key_to_another(s3: S3, encrypted: dict[str, str]) -> None:
    at = {"Bucket": encrypted["Bucket"], "Key": "target"}
    upload_id = s3.create_multipart_upload(**at, **TWO)["UploadId"]
    copied = s3.upload_part_copy(
        **at, UploadId=upload_id, PartNumber=1, CopySource=encrypted, CopySourceRange="bytes=1000-99999",
        **customer(b"1", "CopySource"), **TWO,
    )  # fmt: skip
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**at, UploadId=upload_id, MultipartUpload={"Parts": parts}, **TWO)
    assert s3.get_object(**at, **TWO)["Body"].read() == BODY[1000:100_000]
