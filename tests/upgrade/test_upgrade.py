"""Upgrades: open, migrate, read and write stores that earlier versions filled.

`make` wrote each archive with the version in its name: `first` is the first released schema, 0001.
"""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_process import GatewayProcess
from tests.postgres import postgres_server
from tests.upgrade.contents import check

HERE = Path(__file__).parent
VERSIONS = sorted(path.name.partition(".")[0] for path in HERE.glob("*.tar.xz"))
MOST_BYTES = 300_000


def unpacked(version: str, kind: str, to: Path) -> Path:
    with tarfile.open(HERE / f"{version}.tar.xz") as archive:
        members = [member for member in archive if member.name.partition("/")[0] == kind]
        # Before Python 3.11.4 there are no filters; the archive is our own.
        archive.extractall(to, members, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return to / kind


def test_there_is_an_archive_and_it_is_small() -> None:
    assert "first" in VERSIONS
    assert all((HERE / f"{version}.tar.xz").stat().st_size < MOST_BYTES for version in VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_data_directory(version: str, workers: int, tmp_path: Path) -> None:
    data = unpacked(version, "embedded", tmp_path)
    check_upgraded(GatewayProcess(data, "--workers", str(workers), own_keys=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_postgresql_database(version: str, tmp_path: Path) -> None:
    data = unpacked(version, "postgresql", tmp_path)
    with postgres_server() as server:
        load((data / "dump.sql").read_text(), server.url)
        check_upgraded(GatewayProcess(data, "--database", server.url, own_keys=True))


def check_upgraded(gateway: GatewayProcess) -> None:
    record: dict[str, Any] = json.loads((gateway.data / "record.json").read_text())
    with gateway:
        gateway.use_own_keys()
        with gateway.http() as http:
            check(gateway.s3(), http, record)
        second = json.loads((gateway.data / "second.json").read_text())
        gateway.access_key, gateway.secret_key = second["access_key"], second["secret_key"]
        assert len(gateway.s3().list_buckets()["Buckets"]) == 3
        gateway.restart()
        assert gateway.s3().get_object(Bucket="first", Key="replaced")["Body"].read() == b"newest"


def load(dump: str, url: str) -> None:
    """Run a dump of INSERTs, as psql does."""
    sql = re.sub(r"^\\.*$", "", dump, flags=re.MULTILINE)  # commands of psql itself
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())
