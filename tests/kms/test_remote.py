"""The KMS protocol against moto's server, and unusable answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from s3api.errors import S3Error
from s3api.kms.remote import RemoteKeys

CONTEXT = {"aws:s3:arn": "arn:aws:s3:::b/k"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def admin(endpoint: str) -> Any:
    return boto3.client(
        "kms", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="x", aws_secret_access_key="y",
    )  # fmt: skip


def keys_at(endpoint: str, timeout_s: float = 5.0) -> RemoteKeys:
    return RemoteKeys(endpoint, region="us-east-1", access_key="x", secret_key="y", timeout_s=timeout_s)


async def test_a_data_key_is_made_and_opened_again(endpoint: str, admin: Any) -> None:
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    admin.create_alias(AliasName="alias/mine", TargetKeyId=arn)
    keys = keys_at(endpoint)
    for name in (arn, arn.rpartition("/")[2], "alias/mine"):
        made = await keys.generate(name, CONTEXT)
        assert made.key == arn
        assert len(made.secret) == 32
        assert await keys.decrypt(arn, made.wrapped, CONTEXT) == made.secret
    # What we wrapped the service's own client opens, and the other way round.
    found = admin.decrypt(CiphertextBlob=made.wrapped, EncryptionContext=CONTEXT)
    assert found["Plaintext"] == made.secret
    await keys.close()


async def test_a_data_key_that_there_is_is_wrapped_anew(endpoint: str, admin: Any) -> None:
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    keys = keys_at(endpoint)
    made = await keys.encrypt(arn, b"s" * 32, CONTEXT)
    assert (made.key, made.secret) == (arn, b"s" * 32)
    assert await keys.decrypt(arn, made.wrapped, CONTEXT) == b"s" * 32
    await keys.close()


async def test_the_service_errors_are_s3s(endpoint: str, admin: Any) -> None:
    keys = keys_at(endpoint)
    arn = admin.create_key()["KeyMetadata"]["Arn"]
    made = await keys.generate(arn, CONTEXT)
    with pytest.raises(S3Error) as refused:
        await keys.decrypt(arn, made.wrapped, {"another": "context"})
    assert refused.value.code == "KMS.KMSInvalidStateException"
    with pytest.raises(S3Error) as refused:
        await keys.generate("arn:aws:kms:us-east-1:123456789012:key/none", CONTEXT)
    assert refused.value.code == "KMS.NotFoundException"
    await keys.close()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"__type": "DisabledException", "message": "off"}, "KMS.DisabledException"),
        (400, {"__type": "com.amazonaws.kms#KMSInvalidStateException"}, "KMS.KMSInvalidStateException"),
        (400, {"__type": "AccessDeniedException", "Message": "no"}, "AccessDenied"),
        (400, {"__type": "ThrottlingException"}, "ServiceUnavailable"),
        (500, {}, "ServiceUnavailable"),
        (200, [], "ServiceUnavailable"),
        (200, {"KeyId": "arn", "Plaintext": "***", "CiphertextBlob": ""}, "ServiceUnavailable"),
        (200, {"KeyId": "arn"}, "ServiceUnavailable"),
        (200, "<html>", "ServiceUnavailable"),
    ],
)
async def test_each_answer_has_its_code(status: int, body: Any, code: str) -> None:
    keys = keys_at("http://kms.invalid")

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["x-amz-target"] == "TrentService.GenerateDataKey"
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=x/")
        assert json.loads(request.content)["KeyId"] == "alias/aws/s3"
        return httpx.Response(status, text=body if isinstance(body, str) else json.dumps(body))

    keys._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    with pytest.raises(S3Error) as refused:
        await keys.generate(None, CONTEXT)
    assert refused.value.code == code
    await keys.close()


async def test_an_endpoint_that_is_not_there_is_unavailable() -> None:
    keys = keys_at("http://127.0.0.1:9", timeout_s=1.0)
    with pytest.raises(S3Error) as refused:
        await keys.generate(None, CONTEXT)
    assert refused.value.code == "ServiceUnavailable"
    await keys.close()
