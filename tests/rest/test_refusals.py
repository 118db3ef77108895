"""Hostile forms and truncated bodies: problem details in JSON, and nothing stored."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.gateway_process import GatewayProcess

FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nsome bytes\r\n'
FORM = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with small limits, which must be empty at the end."""
    limits = {"SIXFOLD_MAX_OBJECT_BYTES": "100000", "SIXFOLD_BODY_IDLE_S": "1"}
    with GatewayProcess(tmp_path_factory.mktemp("refusals") / "data", environment=limits) as process:
        yield process


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[httpx.Client]:
    with gateway.http() as client:
        yield client
        assert client.get("/api/file").json() == {"files": [], "next": None}


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("multipart/form-data", FILE + b"--b--\r\n", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=", FILE + b"--b--\r\n", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=" + "b" * 71, FILE + b"--b--\r\n", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=other", FILE + b"--b--\r\n", "MalformedPOSTRequest"),
        (FORM, b"", "IncompleteBody"),
        (FORM, b"not a form at all", "MalformedPOSTRequest"),
        (FORM, FILE, "IncompleteBody"),
        (FORM, FILE + b"--b", "IncompleteBody"),
        (FORM, FILE[:-5], "IncompleteBody"),
        (FORM, FILE[:40], "IncompleteBody"),
        (FORM, FILE + FILE + b"--b--\r\n", "IncorrectNumberOfFilesInPostRequest"),
        (FORM, FILE.replace(b'"file"', b'"other"') + b"--b--\r\n", "IncorrectNumberOfFilesInPostRequest"),
        (FORM, b"--b--\r\n", "IncorrectNumberOfFilesInPostRequest"),
        (FORM, b"--b\r\nX: " + b"x" * 10_000 + b"\r\n\r\n\r\n--b--\r\n", "MalformedPOSTRequest"),
        (FORM, b"--b\r\n" + b"X: y\r\n" * 20 + b"\r\n\r\n--b--\r\n", "MalformedPOSTRequest"),
        (FORM, b"--b\r\nX: y\r\n\r\nz\r\n" * 101 + FILE + b"--b--\r\n", "MalformedPOSTRequest"),
        (FORM, b"--b\r\nX: y\r\n\r\n" + b"z" * 1_100_000, "MaxPostPreDataLengthExceededError"),
        (FORM, FILE.replace(b"some", b"s" * 100_000) + b"--b--\r\n", "EntityTooLarge"),
        ("text/plain", b"x" * 100_001, "EntityTooLarge"),
    ],
)
def test_bad_bodies(client: httpx.Client, kind: str, body: bytes, code: str) -> None:
    for sent in (body, iter([body])):
        answer = client.put("/api/file", content=sent, headers={"content-type": kind})
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["title"], problem["code"]) == (400, "Bad Request", code)
        assert problem["detail"]


@pytest.mark.parametrize("head", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("kind", [b"text/plain", FORM.encode()])
def test_a_client_that_goes_away_leaves_nothing(
    gateway: GatewayProcess, client: httpx.Client, head: bytes, kind: bytes
) -> None:
    sent = FILE if b"Length" in head else b"%x\r\n%s\r\n" % (len(FILE), FILE)
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        lines = [b"PUT /api/file HTTP/1.1", b"Host: localhost", b"Content-Type: " + kind, head, b"", sent]
        raw.sendall(b"\r\n".join(lines))
    assert client.get("/api/health/live").status_code == 200


def test_a_client_that_stops_sending_is_told_so(gateway: GatewayProcess, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as raw:
        raw.sendall(b"PUT /api/file HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
        answer = b""
        while not answer.endswith(b"}"):  # head and body may come apart
            answer += raw.recv(65536) or pytest.fail(f"closed after {answer!r}")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "RequestTimeout"


def test_a_bad_length(gateway: GatewayProcess, client: httpx.Client) -> None:
    for length in (b"-1", b"1x", b"+5", b"99999999999999999999999"):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as raw:
            raw.sendall(b"PUT /api/file HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % length)
            assert raw.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    for method, path, status in (
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/nope", 404),
        ("PATCH", "/api/file", 405),
        ("DELETE", "/api/file", 405),
        ("GET", "/api/file/", 404),
        ("GET", "/api/file/nope", 404),
        ("GET", "/api/file/" + "k" * 2000, 404),
        ("GET", "/api/file/%ff", 404),
        ("GET", "/api/file/%00", 400),
        ("DELETE", "/api/file/%00", 400),
        ("GET", "/api/file?after=%00", 400),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_document_that_is_no_text(client: httpx.Client) -> None:
    answer = client.post("/api/nodes", content=b"\x98\xff", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
