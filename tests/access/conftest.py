from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.access.people import Person, client, new_root, root_of
from tests.gateway_process import GatewayProcess


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway without a cache of access keys, so that changes take effect at once."""
    data = tmp_path_factory.mktemp("access") / "data"
    with GatewayProcess(data, environment={"SIXFOLD_KEY_CACHE_S": "0"}) as running:
        yield running


@pytest.fixture(scope="package")
def main(gateway: GatewayProcess) -> Person:
    return root_of(gateway)


@pytest.fixture(scope="package")
def alt(gateway: GatewayProcess) -> Person:
    return new_root(gateway, "john.doe", "john.doe@example.com")


@pytest.fixture(scope="package")
def nobody(gateway: GatewayProcess) -> Person:
    return Person(client(gateway, "s3", None, None), client(gateway, "iam", None, None))


@pytest.fixture
def bucket(main: Person) -> str:
    name = f"b-{uuid.uuid4().hex[:20]}"
    main.s3.create_bucket(Bucket=name)
    return name
