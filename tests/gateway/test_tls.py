"""TLS version of a request in policies and logs, over a real TLS socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.tls import Authority
from tests.gateway_process import GatewayProcess

BUCKET = "safe"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    directory = tmp_path_factory.mktemp("tls")
    authority = Authority(directory)
    made = authority.certificate("127.0.0.1", directory / "server")
    options = ["--tls-cert", str(made.certificate), "--tls-key", str(made.key)]
    with GatewayProcess(directory / "data", *options, ca=authority.ca) as running:
        running.s3().create_bucket(Bucket=BUCKET)
        running.s3().put_object(Bucket=BUCKET, Key="k", Body=b"x")
        yield running


def denied(gateway: GatewayProcess, condition: dict[str, Any]) -> bool:
    """Whether a Deny with the condition applies to the bucket's owner."""
    s3 = gateway.s3()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Condition": condition}
    statement = deny | {"Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    try:
        s3.get_object(Bucket=BUCKET, Key="k")
    except s3.exceptions.ClientError as error:
        return bool(error.response["Error"]["Code"] == "AccessDenied")
    return False


def test_a_policy_sees_the_version_of_tls(gateway: GatewayProcess) -> None:
    assert denied(gateway, {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.3"}})
    assert not denied(gateway, {"NumericLessThan": {"s3:TlsVersion": "1.3"}})
    assert not denied(gateway, {"Null": {"s3:TlsVersion": "true"}})
    assert denied(gateway, {"Bool": {"aws:SecureTransport": "true"}})


def test_without_tls_there_is_no_version(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data") as plain:
        plain.s3().create_bucket(Bucket=BUCKET)
        plain.s3().put_object(Bucket=BUCKET, Key="k", Body=b"x")
        assert denied(plain, {"Null": {"s3:TlsVersion": "true"}})
        assert not denied(plain, {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.0"}})
