"""What a store with SIXFOLD_LENIENT answers where other stores answer otherwise than AWS, and what one
without it does: each case asked of both.

The conditions, rules and policies that it takes are with their operations' tests.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.gateway_process import GatewayProcess

Case = Callable[[Any, str], object]
BODY = b"eighteen ounces of" + b"nothing"
KEY, OTHER_KEY = "k" * 32, "o" * 32


@pytest.fixture(scope="module", params=[False, True], ids=["as AWS", "lenient"])
def lenient(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def gateway(lenient: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    environment = {"SIXFOLD_LENIENT": "true"} if lenient else {}
    data = tmp_path_factory.mktemp("lenient") / "data"
    with GatewayProcess(data, environment=environment) as running:
        yield running


@pytest.fixture
def s3(gateway: GatewayProcess) -> Any:
    return gateway.s3()


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"b-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=BODY)
    return name


def outcome(case: Case, s3: Any, bucket: str) -> tuple[int, str]:
    """Status and code; (200, "") for what is taken."""
    try:
        case(s3, bucket)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return 200, ""


def a_part_that_is_not_there(s3: Any, bucket: str) -> None:
    s3.get_object(Bucket=bucket, Key="k", PartNumber=2)


def a_part_after_the_last(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "parts"}
    where |= {"UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    etag = s3.upload_part(**where, PartNumber=1, Body=BODY)["ETag"]
    named = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**where, MultipartUpload=named)
    s3.get_object(Bucket=bucket, Key="parts", PartNumber=2)


def another_customer_s_key(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "sealed", "SSECustomerAlgorithm": "AES256"}
    s3.put_object(**where, Body=BODY, SSECustomerKey=KEY)
    s3.get_object(**where, SSECustomerKey=OTHER_KEY)


def a_checksum_that_is_none(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumSHA256="bad")


def a_completion_s_checksum_that_is_none(s3: Any, bucket: str) -> None:
    """Seen before what is wrong with the parts."""
    where = {"Bucket": bucket, "Key": "parts"}
    where["UploadId"] = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"]
    etag = s3.upload_part(**where, PartNumber=1, Body=BODY, ChecksumAlgorithm="SHA256")["ETag"]
    named = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**where, MultipartUpload=named, ChecksumSHA256="bad")


def with_header(name: str, value: str) -> Case:
    def case(s3: Any, bucket: str) -> None:
        s3.meta.events.register(
            "before-call.s3.PutObject", lambda params, **_: params["headers"].update({name: value})
        )
        s3.put_object(Bucket=bucket, Key="k", Body=BODY)

    return case


@pytest.mark.parametrize(
    ("case", "as_aws", "elsewhere"),
    [
        (a_part_that_is_not_there, (416, "InvalidPartNumber"), (400, "InvalidPart")),
        (a_part_after_the_last, (416, "InvalidPartNumber"), (400, "InvalidPart")),
        (another_customer_s_key, (403, "AccessDenied"), (400, "InvalidArgument")),
        (a_checksum_that_is_none, (400, "InvalidRequest"), (400, "BadDigest")),
        (a_completion_s_checksum_that_is_none, (400, "InvalidRequest"), (400, "BadDigest")),
        (with_header("x-amz-foo", "bar"), (501, "NotImplemented"), (200, "")),
        (with_header("x-amz-mfa", "1 2"), (501, "NotImplemented"), (501, "NotImplemented")),
        (with_header("if-none-match", "*"), (412, "PreconditionFailed"), (412, "PreconditionFailed")),
    ],
    ids=["part", "later part", "customer's key", "checksum", "completion", "header", "known", "guard"],
)
def test_answers(
    lenient: bool, s3: Any, bucket: str, case: Case, as_aws: tuple[int, str], elsewhere: tuple[int, str]
) -> None:
    assert outcome(case, s3, bucket) == (elsewhere if lenient else as_aws)


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_no_delete_marker_is_told_of(lenient: bool, s3: Any, bucket: str, operation: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(s3, operation)(Bucket=bucket, Key="nothing")
    assert marker(refused.value) == ("false" if lenient else None)
    with pytest.raises(ClientError) as refused:
        s3.get_object_tagging(Bucket=bucket, Key="nothing")
    assert marker(refused.value) is None


def test_a_delete_marker_is_told_of(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket=bucket, Key="k")
    assert marker(refused.value) == "true"


def marker(error: ClientError) -> str | None:
    found: str | None = error.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-delete-marker")
    return found
