"""A store over each kind of node, and each way to add a node to a running store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.clients.programs import Programs
from tests.clients.stores import Services, check, gateway_over, put_until, services, store_and_read
from tests.gateway_process import GatewayProcess
from tests.postgres import PostgresServer, postgres_server

SIX = range(6)


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


def nodes_of(gateway: GatewayProcess) -> list[dict[str, object]]:
    with gateway.http() as client:
        nodes: list[dict[str, object]] = client.get("/api/nodes").json()["nodes"]
        return nodes


def test_six_chunkd_servers_over_six_redis_databases(tmp_path: Path, around: Services) -> None:
    with gateway_over(tmp_path / "data", *(around.chunkd(number) for number in SIX)) as gateway:
        bodies = store_and_read(gateway, "six-chunkd")
        assert all(around.chunks(number) > 0 for number in SIX)
        assert all(str(node["address"]).startswith("http://") for node in nodes_of(gateway))
        gateway.restart()
        check(gateway, "six-chunkd", bodies)


def test_six_redis_databases(tmp_path: Path, around: Services) -> None:
    with gateway_over(tmp_path / "data", *(around.redis(number) for number in SIX)) as gateway:
        bodies = store_and_read(gateway, "six-redis")
        assert all(around.chunks(number) > 0 for number in SIX)
        gateway.restart()
        check(gateway, "six-redis", bodies)


def test_a_mix(tmp_path: Path, around: Services) -> None:
    """Two chunkd, three Redis and one LMDB hold eight chunks a stripe: some nodes take two."""
    addresses = [
        *(around.chunkd(number) for number in range(2)),
        *(around.redis(number) for number in range(2, 5)),
        "lmdb:chunks#6",
    ]
    with gateway_over(tmp_path / "data", *addresses) as gateway:
        bodies = store_and_read(gateway, "mixed")
        assert all(around.chunks(number) > 0 for number in range(5))
        assert [node["address"] for node in nodes_of(gateway)] == addresses
        assert (tmp_path / "data" / "chunks").exists()
        gateway.restart()
        check(gateway, "mixed", bodies)


def test_postgresql_for_the_metadata(tmp_path: Path, postgres: PostgresServer) -> None:
    with GatewayProcess(tmp_path / "data", "--database", postgres.create_database("plain")) as gateway:
        bodies = store_and_read(gateway, "in-postgres")
        assert not (tmp_path / "data" / "metadata.sqlite3").exists()
        gateway.restart()
        check(gateway, "in-postgres", bodies)
        with psycopg.connect(postgres.url_of("plain")) as connection:
            counted = connection.execute("SELECT count(*) FROM node").fetchone()
        assert counted == (6,)


def by_command(gateway: GatewayProcess, address: str) -> None:
    programs = Programs(gateway.data.parent, gateway)
    said = programs.run("sixfold", "node", "add", address, "--data", gateway.data)
    assert said == f"node 7 is {address}\n"
    assert address in programs.run("sixfold", "node", "list", "--data", gateway.data)


def by_http(gateway: GatewayProcess, address: str) -> None:
    answer = httpx.post(f"{gateway.endpoint}/api/nodes", json={"address": address})
    assert (answer.status_code, answer.json()["address"]) == (201, address)


def by_sql(gateway: GatewayProcess, address: str) -> None:
    connection = sqlite3.connect(gateway.data / "metadata.sqlite3", timeout=10)
    with connection:
        connection.execute("INSERT INTO node (address) VALUES (?)", (address,))
    connection.close()


@pytest.mark.parametrize("add", [by_command, by_http, by_sql])
def test_a_seventh_node(tmp_path: Path, around: Services, add: Callable[[GatewayProcess, str], None]) -> None:
    with gateway_over(tmp_path / "data", *(around.redis(number) for number in SIX)) as gateway:
        add(gateway, around.redis(6))
        took_s = put_until(gateway, lambda: around.chunks(6) > 0)
        print(f"{add.__name__}: the seventh node has chunks after {took_s:.1f} s")
        assert [node["up"] for node in nodes_of(gateway)] == [True] * 7


def test_a_seventh_node_by_sql_in_postgresql(
    tmp_path: Path, around: Services, postgres: PostgresServer
) -> None:
    database = postgres.create_database("grows")
    addresses = [around.redis(number) for number in SIX]
    with gateway_over(tmp_path / "data", *addresses, database=database) as gateway:
        seventh = around.chunkd(6)
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO node (address) VALUES (%s)", (seventh,))
        put_until(gateway, lambda: around.chunks(6) > 0)
        assert seventh in [node["address"] for node in nodes_of(gateway)]
