"""A gateway with a remote key service, or with a key file that changes while it runs, over HTTP."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from s3api.cli import app
from tests.gateway_process import GatewayProcess

BODY = bytes(range(256)) * 1000
KMS: dict[str, Any] = {"ServerSideEncryption": "aws:kms"}
CUSTOMERS: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


@pytest.fixture
def kms() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def read(s3: Any, key: str, **more: Any) -> bytes:
    data: bytes = s3.get_object(Bucket="bucket", Key=key, **more)["Body"].read()
    return data


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_key_service_elsewhere(tmp_path: Path, kms: str) -> None:
    admin = boto3.client(
        "kms", endpoint_url=kms, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    settings = {
        "SIXFOLD_KMS_ENDPOINT": kms,
        "SIXFOLD_KMS_ACCESS_KEY": "x",
        "SIXFOLD_KMS_SECRET_KEY": "y",
    }
    with GatewayProcess(tmp_path / "data", environment=settings) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        for key, bucket_key in (("one", False), ("two", True)):
            put = s3.put_object(
                Bucket="bucket", Key=key, Body=BODY, SSEKMSKeyId=arn, BucketKeyEnabled=bucket_key, **KMS
            )
            assert put["SSEKMSKeyId"] == arn
        assert read(s3, "one") == read(s3, "two") == BODY
        gateway.restart()
        s3 = gateway.s3()
        assert read(s3, "one") == read(s3, "two") == BODY
        missing = arn.rpartition("/")[0] + "/00000000-0000-4000-8000-000000000000"
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket="bucket", Key="three", Body=BODY, SSEKMSKeyId=missing, **KMS)
        assert code_of(refused) == ("KMS.NotFoundException", 400)
        s3.put_object(Bucket="bucket", Key="ours", Body=BODY, ServerSideEncryption="AES256")
        assert read(s3, "ours") == BODY


def test_a_key_service_that_is_not_there(tmp_path: Path) -> None:
    settings = {
        "SIXFOLD_KMS_ENDPOINT": "http://127.0.0.1:9",
        "SIXFOLD_KMS_ACCESS_KEY": "x",
        "SIXFOLD_KMS_SECRET_KEY": "y",
    }
    with GatewayProcess(tmp_path / "data", environment=settings) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket="bucket", Key="k", Body=BODY, **KMS)
        assert code_of(refused) == ("ServiceUnavailable", 503)


def test_keys_are_rotated_and_disabled_under_a_running_gateway(tmp_path: Path) -> None:
    where = ["--data", str(tmp_path / "data")]
    with GatewayProcess(tmp_path / "data") as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        arn = s3.put_object(Bucket="bucket", Key="before", Body=BODY, **KMS)["SSEKMSKeyId"]
        s3.put_object(Bucket="bucket", Key="ours", Body=BODY, ServerSideEncryption="AES256")
        assert stat.S_IMODE((tmp_path / "data" / "kms.json").stat().st_mode) == 0o600
        for name in ("alias/aws/s3", "alias/sixfold/s3"):
            assert CliRunner().invoke(app, ["kms", "rotate", name, *where]).exit_code == 0
        s3.put_object(Bucket="bucket", Key="after", Body=BODY, **KMS)
        gateway.restart()
        s3 = gateway.s3()
        assert read(s3, "before") == read(s3, "after") == read(s3, "ours") == BODY
        assert CliRunner().invoke(app, ["kms", "disable", arn, *where]).exit_code == 0
        gateway.restart()
        with pytest.raises(ClientError) as refused:
            read(gateway.s3(), "before")
        assert code_of(refused) == ("KMS.DisabledException", 400)


def test_every_object_encrypted_and_customers_keys_by_tls_alone(tmp_path: Path) -> None:
    settings = {"SIXFOLD_ENCRYPT_BY_DEFAULT": "true", "SIXFOLD_CUSTOMER_KEYS_NEED_TLS": "true"}
    with GatewayProcess(tmp_path / "data", environment=settings) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        assert s3.put_object(Bucket="bucket", Key="k", Body=BODY)["ServerSideEncryption"] == "AES256"
        assert read(s3, "k") == BODY
        with pytest.raises(ClientError, match="must be made over a secure connection") as refused:
            s3.put_object(Bucket="bucket", Key="k", Body=BODY, **CUSTOMERS)
        assert code_of(refused) == ("InvalidArgument", 400)


def test_a_customers_key_is_written_nowhere(tmp_path: Path) -> None:
    right, wrong = "k" * 32, "w" * 32
    with GatewayProcess(tmp_path / "data") as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="k", Body=BODY, **CUSTOMERS)
        for bucket, key, algorithm in (
            ("bucket", wrong, "AES256"),
            ("bucket", right, "AES192"),
            ("not-there", right, "AES256"),
        ):
            with pytest.raises(ClientError):
                s3.get_object(Bucket=bucket, Key="k", SSECustomerAlgorithm=algorithm, SSECustomerKey=key)
        assert read(s3, "k", **CUSTOMERS) == BODY
    words = [text for key in (right, wrong) for text in (key.encode(), base64.b64encode(key.encode()))]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert gateway.log_path in files
    for path in files:
        data = path.read_bytes()
        assert not [word for word in words if word in data], path
