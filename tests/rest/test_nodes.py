"""/api/nodes and /api/health."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway_process import GatewayProcess


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("nodes") / "data") as process:
        yield process


@pytest.fixture
def client(own: GatewayProcess) -> Iterator[httpx.Client]:
    with own.http() as client:
        yield client


def test_six_embedded_nodes_to_begin_with(client: httpx.Client) -> None:
    nodes = client.get("/api/nodes").json()["nodes"]
    assert [node["address"] for node in nodes[:6]] == [f"lmdb:chunks#{number}" for number in range(1, 7)]
    assert all(node["up"] and node["state"] == "active" for node in nodes)
    assert all(node["capacity_bytes"] > 0 and node["latency_ms"] >= 0 for node in nodes)


def test_a_seventh_is_used_without_a_restart(client: httpx.Client) -> None:
    answer = client.post("/api/nodes", json={"address": "lmdb:more#7", "capacity_bytes": 1 << 30})
    assert answer.status_code == 201, answer.text
    node = answer.json()
    assert (node["address"], node["up"], node["capacity_bytes"]) == ("lmdb:more#7", True, 1 << 30)
    for _ in range(40):
        assert client.put("/api/file", content=b"x" * 60_000).status_code == 201
    found = next(n for n in client.get("/api/nodes").json()["nodes"] if n["id"] == node["id"])
    assert found["chunks"] > 0
    again = client.post("/api/nodes", json={"address": "lmdb:more#7"})
    assert (again.status_code, again.json()["code"]) == (409, "NodeExists")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"address": "ftp://x"}, 400),
        ({"address": ""}, 400),
        ({"address": "lmdb://host/path"}, 400),
        ({}, 400),
        ({"address": "memory://x", "capacity_bytes": 0}, 400),
        ({"address": "memory://x", "capacity_bytes": "many"}, 400),
        ({"address": "redis://127.0.0.1:1/0"}, 422),
        ({"address": "http://127.0.0.1:1"}, 422),
    ],
)
def test_what_is_no_node_is_refused(client: httpx.Client, body: dict[str, object], status: int) -> None:
    before = client.get("/api/nodes").json()["nodes"]
    answer = client.post("/api/nodes", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(client.get("/api/nodes").json()["nodes"]) == len(before)


def test_health_and_docs(client: httpx.Client) -> None:
    assert client.get("/api/health/live").json() == {"status": "live"}
    assert client.get("/api/health/ready").json() == {"status": "ready"}
    assert client.get("/api/docs").status_code == 200
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/file", "/api/file/{id}", "/api/nodes", "/api/health/live", "/api/health/ready"} <= set(
        paths
    )


def test_refusals_are_described(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()["paths"]
    for path, operations in described.items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert "422" not in responses, (method, path)
            assert responses["4XX"]["content"].keys() == {"application/problem+json"}, (method, path)


def test_a_resource_says_what_it_allows(client: httpx.Client) -> None:
    for path, allowed in [("/api/file", "GET, POST, PUT"), ("/api/file/x", "DELETE, GET, HEAD")]:
        answer = client.request("PATCH", path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_not_ready_while_too_few_nodes_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    nodes = ",".join(f"redis://127.0.0.1:1/{number}" for number in range(6))
    process = GatewayProcess(tmp_path_factory.mktemp("dead") / "data", environment={"SIXFOLD_NODES": nodes})
    process.start(wait=False)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), base_url=process.endpoint) as client:
            answer = client.get("/api/health/ready", timeout=30)
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "0 of 6 nodes answer" in answer.json()["detail"]
            assert client.get("/api/health/live").status_code == 200
            stored = client.put("/api/file", content=b"x")
            assert (stored.status_code, stored.json()["code"]) == (503, "ServiceUnavailable")
            assert stored.headers["retry-after"]
    finally:
        process.stop()
