"""Authentication of REST: none on loopback, a key pair elsewhere; writes from other origins are refused."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway_process import ACCESS_KEY, SECRET_KEY, GatewayProcess

BASIC = (ACCESS_KEY, SECRET_KEY)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("public") / "data", "--host", "0.0.0.0") as process:
        yield process


def status(process: GatewayProcess, method: str = "GET", path: str = "/api/file", **options: object) -> int:
    with process.http() as client:
        return client.request(method, path, **options).status_code  # type: ignore[arg-type]


def test_elsewhere_a_key_pair_is_wanted(public: GatewayProcess) -> None:
    with public.http() as client:
        for method, path in (
            ("GET", "/api/file"),
            ("PUT", "/api/file"),
            ("GET", "/api/file/x"),
            ("HEAD", "/api/file/x"),
            ("DELETE", "/api/file/x"),
            ("GET", "/api/nodes"),
            ("POST", "/api/nodes"),
        ):
            answer = client.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith('Basic realm="Sixfold"')
            assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/api/health/live").status_code == 200
        assert client.get("/api/health/ready").status_code == 200
        answer = client.put("/api/file", content=b"x", auth=BASIC)
        assert answer.status_code == 201
        assert client.get(answer.headers["location"], auth=BASIC).content == b"x"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + "=" * 10,
        "Basic Og==",  # ":"
        "Basic AAAA",
        "Basic //79Og==",  # no UTF-8
        "Bearer " + SECRET_KEY,
    ],
)
def test_bad_authorization(public: GatewayProcess, header: str) -> None:
    assert status(public, headers={"authorization": header}) == 401


@pytest.mark.parametrize(
    "pair", [(ACCESS_KEY, "wrong"), (ACCESS_KEY, ""), ("unknown", SECRET_KEY), (ACCESS_KEY, SECRET_KEY + "0")]
)
def test_wrong_pairs(public: GatewayProcess, pair: tuple[str, str]) -> None:
    assert status(public, auth=pair) == 401


def test_on_loopback_nothing_is_wanted_from_this_machine(gateway: GatewayProcess) -> None:
    for host in ("127.0.0.1", f"localhost:{gateway.port}", "[::1]:80", "app.localhost"):
        assert status(gateway, headers={"host": host}) == 200, host


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "attacker.example"},
        {"host": "127.0.0.1.attacker.example:80"},
        {"host": ""},
        {"x-forwarded-for": "203.0.113.5"},
        {"forwarded": "for=203.0.113.5"},
    ],
)
def test_other_names_and_proxies_are_not_this_machine(
    gateway: GatewayProcess, headers: dict[str, str]
) -> None:
    assert status(gateway, headers=headers) == 401
    assert status(gateway, headers=headers, auth=BASIC) == 200


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://attacker.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://127.0.0.1:1"}, False),
        ({"origin": "http://localhost:5", "host": "localhost:5"}, True),
    ],
)
def test_pages_of_other_origins_do_not_write(
    gateway: GatewayProcess, headers: dict[str, str], allowed: bool
) -> None:
    for method in ("PUT", "POST"):
        for auth in (None, BASIC):
            found = status(gateway, method, headers=headers, auth=auth, content=b"x")
            assert found == (201 if allowed else 403)
    assert status(gateway, headers=headers) == 200


def test_a_setting_opens_and_closes(tmp_path_factory: pytest.TempPathFactory) -> None:
    for value, host, expected in (("true", "0.0.0.0", 200), ("false", "127.0.0.1", 401)):
        data = tmp_path_factory.mktemp("setting") / "data"
        with GatewayProcess(data, "--host", host, environment={"SIXFOLD_REST_OPEN": value}) as process:
            assert status(process) == expected
            assert status(process, auth=BASIC) == 200
            assert httpx.get(f"{process.endpoint}/").status_code == 403  # S3 is never open
