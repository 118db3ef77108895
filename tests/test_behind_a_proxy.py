"""A gateway behind a proxy that rewrites Host: what was signed for a public endpoint is accepted, and stays
bound to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.gateway_process import ACCESS_KEY, SECRET_KEY, GatewayProcess

PUBLIC = "https://s3.example.org"
LOGGED_WITHIN_S, POLL_S = 10.0, 0.02
PROXY = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    directory = tmp_path_factory.mktemp("proxied")
    environment = {
        "SIXFOLD_PUBLIC_ENDPOINTS": f"{PUBLIC} https://other.example.org:8443",
        "SIXFOLD_DOMAINS": "s3.example.org s3.localhost",
        "SIXFOLD_TRUSTED_PROXIES": "127.0.0.2/32",
        "SIXFOLD_ACCESS_LOG": "all",
        "SIXFOLD_LOG_FORMAT": "json",
    }
    with GatewayProcess(directory / "data", environment=environment) as gateway:
        for bucket in ("photos", "evil"):
            gateway.s3().create_bucket(Bucket=bucket)
        gateway.s3().put_object(Bucket="photos", Key="k", Body=b"of photos")
        yield gateway


def presigned(endpoint: str, method: str = "get_object", *, style: str = "path", key: str = "k") -> str:
    """Path and query of a URL that a client of `endpoint` was given."""
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )
    url = urlsplit(s3.generate_presigned_url(method, Params={"Bucket": "photos", "Key": key}))
    return f"{url.path}?{url.query}"


def list_users(gateway: GatewayProcess, endpoint: str) -> httpx.Response:
    """IAM's ListUsers, signed for `endpoint`, as a proxy hands it on that rewrites Host."""
    body = "Action=ListUsers&Version=2010-05-08"
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", f"{endpoint}/", data=body, headers=kind)
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "iam", "us-east-1").add_auth(request)
    headers = {**request.headers, "Host": "gateway:8260"}
    return httpx.post(f"{gateway.endpoint}/", content=body, headers=headers)


def ask(gateway: GatewayProcess, target: str, *, peer: str = "127.0.0.1", **headers: str) -> httpx.Response:
    """From the address `peer` of this machine."""
    with httpx.Client(base_url=gateway.endpoint, transport=httpx.HTTPTransport(local_address=peer)) as client:
        return client.get(target, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("endpoint", [PUBLIC, f"{PUBLIC}:443", "https://other.example.org:8443"])
@pytest.mark.parametrize("host", ["gateway:8260", "127.0.0.1"])
def test_signed_for_a_public_endpoint(proxied: GatewayProcess, endpoint: str, host: str) -> None:
    answer = ask(proxied, presigned(endpoint), host=host)
    assert (answer.status_code, answer.content) == (200, b"of photos")


@pytest.mark.parametrize(
    "endpoint", ["https://elsewhere.example.org", "https://other.example.org", "https://x.s3.example.org"]
)
def test_signed_for_another_endpoint(proxied: GatewayProcess, endpoint: str) -> None:
    answer = ask(proxied, presigned(endpoint), host="gateway:8260")
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_iam_is_known_by_the_public_endpoints_too(proxied: GatewayProcess) -> None:
    answer = list_users(proxied, PUBLIC)
    assert (answer.status_code, "<ListUsersResult>" in answer.text) == (200, True), answer.text
    answer = list_users(proxied, "https://elsewhere.example.org")
    assert (answer.status_code, "<Code>SignatureDoesNotMatch</Code>" in answer.text) == (403, True)


def test_who_has_a_url_cannot_choose_another_bucket_for_it(proxied: GatewayProcess) -> None:
    """The path /photos/k of a public endpoint is not the key photos/k of a bucket in Host."""
    proxied.s3().put_object(Bucket="evil", Key="photos/k", Body=b"of evil")
    answer = ask(proxied, presigned(PUBLIC), host="evil.s3.localhost")
    assert answer.content == b"of photos"


def test_a_bucket_in_the_host_needs_the_proxy_to_name_the_host(proxied: GatewayProcess) -> None:
    target = presigned(PUBLIC, style="virtual")
    assert target.startswith("/k?")
    assert ask(proxied, target, host="gateway:8260").status_code == 403
    told = {"host": "gateway:8260", "X-Forwarded-Host": "photos.s3.example.org"}
    assert ask(proxied, target, **told).status_code == 403  # from an address that is not trusted
    assert ask(proxied, target, peer="127.0.0.2", **told).content == b"of photos"
    evil = told | {"X-Forwarded-Host": "evil.s3.example.org"}
    assert ask(proxied, target, peer="127.0.0.2", **evil).status_code == 403


def test_the_log_names_the_client_that_a_trusted_proxy_names(proxied: GatewayProcess) -> None:
    ask(proxied, "/photos/by-proxy", peer="127.0.0.2", **PROXY)
    ask(proxied, "/photos/by-liar", **PROXY)
    clients: dict[str, str] = {}
    deadline = time.monotonic() + LOGGED_WITHIN_S
    while not {"by-proxy", "by-liar"} <= clients.keys() and time.monotonic() < deadline:
        time.sleep(POLL_S)  # a line is written after its answer
        lines = [json.loads(line) for line in proxied.log().splitlines() if line[:1] + line[-1:] == "{}"]
        clients = {line["key"]: line["client"] for line in lines if line.get("key")}
    assert clients["by-proxy"] == "203.0.113.7"
    assert clients["by-liar"] == "127.0.0.1"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.2"])
def test_rest_through_a_proxy_wants_a_password(proxied: GatewayProcess, peer: str) -> None:
    assert ask(proxied, "/api/file", peer=peer).status_code == 200
    assert ask(proxied, "/api/file", peer=peer, **PROXY).status_code == 401
    assert ask(proxied, "/api/file", peer=peer, Forwarded="for=127.0.0.1").status_code == 401


def test_customers_keys_over_a_proxy_that_ends_tls(tmp_path: Path) -> None:
    """What a trusted proxy says of the scheme is the scheme."""
    environment = {"SIXFOLD_CUSTOMER_KEYS_NEED_TLS": "true", "SIXFOLD_TRUSTED_PROXIES": "127.0.0.1"}
    with GatewayProcess(tmp_path / "data", environment=environment) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="photos")
        sealed = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
        with pytest.raises(s3.exceptions.ClientError, match="secure connection"):
            s3.put_object(Bucket="photos", Key="k", Body=b"v", **sealed)
        s3.meta.events.register("before-sign.s3.PutObject", _through_the_proxy)
        s3.put_object(Bucket="photos", Key="k", Body=b"v", **sealed)


def _through_the_proxy(request: Any, **_: Any) -> None:
    for name, value in PROXY.items():
        request.headers[name] = value
