"""Fixtures: S3 client programs, and a boto3 client that shows what the store contains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import Programs
from tests.gateway_process import GatewayProcess


@pytest.fixture
def programs(tmp_path: Path, gateway: GatewayProcess) -> Programs:
    home = tmp_path / "home"
    home.mkdir()
    return Programs(home, gateway)


@pytest.fixture
def s3(gateway: GatewayProcess) -> Any:
    return gateway.s3()
