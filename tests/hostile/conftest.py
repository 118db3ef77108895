"""One gateway that loses patience soon, for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway_process import GatewayProcess

IDLE_S = 1.5
BUCKET = "hostile"
BODY = b"0123456789"


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """With a bucket, and in it `k` with ten bytes."""
    settings = {"SIXFOLD_BODY_IDLE_S": str(IDLE_S), "SIXFOLD_REAP_AFTER_S": "0"}
    with GatewayProcess(tmp_path_factory.mktemp("hostile") / "data", environment=settings) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=BODY)
        yield gateway
