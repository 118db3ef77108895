"""/api/file over real HTTP: upload, download and response headers."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway_process import GatewayProcess

MIB = 1 << 20


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[httpx.Client]:
    with gateway.http() as client:
        yield client


def put(client: httpx.Client, data: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> str:
    answer = client.put("/api/file", files={"file": (name, data, kind)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 65_536, 65_537, 6 * MIB - 1, 6 * MIB, 6 * MIB + 1, 13 * MIB])
def test_a_form_comes_back_as_it_was(client: httpx.Client, size: int) -> None:
    data = os.urandom(size)
    answer = client.put("/api/file", files={"file": ("photo.jpg", data, "image/jpeg")})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id"}
    file_id = answer.json()["id"]
    assert str(uuid.UUID(file_id)) == file_id
    assert answer.headers["location"] == f"/api/file/{file_id}"
    got = client.get(f"/api/file/{file_id}")
    assert got.status_code == 200
    assert got.content == data
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["content-disposition"] == 'inline; filename="photo.jpg"'
    assert got.headers["etag"] == f'"{hashlib.md5(data).hexdigest()}"' == answer.headers["etag"]
    assert got.headers["date"]
    assert got.headers["server"] == "Sixfold"
    head = client.head(f"/api/file/{file_id}")
    same = ("content-length", "content-type", "etag", "last-modified", "content-disposition", "accept-ranges")
    assert [head.headers[name] for name in same] == [got.headers[name] for name in same]


def test_bytes_that_look_like_a_boundary_survive(client: httpx.Client) -> None:
    boundary = "xyz"
    data = b"\r\n--xy\r\n--xy\r\r\n--\r\n-" * 5000 + b"\r\n--xy"
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
        + data
        + b"\r\n--xyz"
        b'\r\nContent-Disposition: form-data; name="after"\r\n\r\nbye\r\n--xyz--\r\n'
    )
    for step in (len(body), 1021, 7):
        pieces = (body[at : at + step] for at in range(0, len(body), step))
        answer = client.put(
            "/api/file",
            content=pieces,
            headers={"content-type": f"multipart/form-data; boundary={boundary}"},
        )
        assert answer.status_code == 201, answer.text
        assert client.get(answer.headers["location"]).content == data


@pytest.mark.parametrize(
    ("headers", "query", "name", "kind"),
    [
        ({"content-type": "text/plain"}, "", None, "text/plain"),
        ({"content-disposition": 'attachment; filename="a b.txt"'}, "", "a b.txt", "text/plain"),
        ({"content-disposition": "attachment; filename*=UTF-8''%E2%82%AC.txt"}, "", "€.txt", "text/plain"),
        ({"content-type": "image/png"}, "?name=../../x%5Cy.png", "y.png", "image/png"),
        ({}, "", None, "application/octet-stream"),
        ({}, "?name=%00%0a", None, "application/octet-stream"),
        ({}, "?name=.." + "", None, "application/octet-stream"),
    ],
)
def test_a_raw_body(
    client: httpx.Client, headers: dict[str, str], query: str, name: str | None, kind: str
) -> None:
    answer = client.put("/api/file" + query, content=b"raw bytes", headers=headers)
    assert answer.status_code == 201
    file_id = answer.json()["id"]
    got = client.get(f"/api/file/{file_id}")
    assert (got.content, got.headers["content-type"]) == (b"raw bytes", kind)
    page = client.get("/api/file", params={"after": file_id[:-1], "limit": 1}).json()
    assert page["files"][0]["id"] == file_id
    assert page["files"][0]["name"] == name


def test_post_is_the_same_and_chunked_bodies_are_taken(client: httpx.Client) -> None:
    answer = client.post("/api/file", content=iter([b"a" * 70_000, b"b"]))
    assert answer.status_code == 201
    assert client.get(answer.headers["location"]).content == b"a" * 70_000 + b"b"


def test_names_beyond_ascii_come_back(client: httpx.Client) -> None:
    file_id = put(client, b"x", name='größe "1".jpg')
    said = client.get(f"/api/file/{file_id}").headers["content-disposition"]
    assert said == "inline; filename=\"gr__e _1_.jpg\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.jpg"


@pytest.mark.parametrize(
    ("asked", "status", "expected", "said"),
    [
        ("bytes=0-0", 206, slice(0, 1), "bytes 0-0/10000000"),
        ("bytes=6291450-6291470", 206, slice(6291450, 6291471), "bytes 6291450-6291470/10000000"),
        ("bytes=9999999-", 206, slice(9999999, None), "bytes 9999999-9999999/10000000"),
        ("bytes=-5", 206, slice(-5, None), "bytes 9999995-9999999/10000000"),
        ("bytes=5-99999999", 206, slice(5, None), "bytes 5-9999999/10000000"),
        ("bytes=10000000-", 416, None, "bytes */10000000"),
        ("bytes=x", 200, slice(None), None),
    ],
)
def test_ranges(
    client: httpx.Client, big: tuple[str, bytes], asked: str, status: int, expected: Any, said: str | None
) -> None:
    file_id, data = big
    got = client.get(f"/api/file/{file_id}", headers={"range": asked})
    assert got.status_code == status
    assert got.headers.get("content-range") == said
    if expected is not None:
        assert got.content == data[expected]
    else:
        assert got.headers["content-type"] == "application/problem+json"
        assert got.json()["code"] == "InvalidRange"


@pytest.fixture(scope="module")
def big(gateway: GatewayProcess) -> tuple[str, bytes]:
    data = os.urandom(10_000_000)
    with gateway.http() as client:
        return put(client, data), data


def test_conditions(client: httpx.Client) -> None:
    file_id = put(client, b"conditions")
    url = f"/api/file/{file_id}"
    etag, modified = (client.head(url).headers[name] for name in ("etag", "last-modified"))
    for headers in ({"if-none-match": etag}, {"if-none-match": "*"}, {"if-modified-since": modified}):
        for method in ("GET", "HEAD"):
            got = client.request(method, url, headers=headers)
            assert (got.status_code, got.content) == (304, b"")
            assert (got.headers["etag"], got.headers["last-modified"]) == (etag, modified)
    past = "Mon, 01 Jan 2001 00:00:00 GMT"
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200
    assert client.get(url, headers={"if-modified-since": past}).status_code == 200
    assert client.get(url, headers={"if-modified-since": "not a date"}).status_code == 200
    assert client.get(url, headers={"if-match": etag}).status_code == 200
    for headers in ({"if-match": '"other"'}, {"if-unmodified-since": past}):
        got = client.get(url, headers=headers)
        assert (got.status_code, got.json()["code"]) == (412, "PreconditionFailed")
    part = {"range": "bytes=0-2"}
    assert client.get(url, headers=part | {"if-range": etag}).content == b"con"
    assert client.get(url, headers=part | {"if-range": modified}).status_code == 206
    assert client.get(url, headers=part | {"if-range": '"other"'}).content == b"conditions"


def test_delete(client: httpx.Client) -> None:
    url = f"/api/file/{put(client, b'gone soon')}"
    assert client.delete(url).status_code == 204
    for method in ("GET", "HEAD", "DELETE"):
        answer = client.request(method, url)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    problem = client.get(url).json()
    assert (problem["title"], problem["status"], problem["code"]) == ("Not Found", 404, "NoSuchKey")


def test_listing_pages(client: httpx.Client) -> None:
    made = [put(client, b"x" * size, name=f"{size}.txt", kind="text/plain") for size in range(5)]
    after, seen = made[0][:-1], []
    while after is not None:
        page = client.get("/api/file", params={"limit": 2, "after": after}).json()
        assert len(page["files"]) <= 2
        seen += page["files"]
        after = page["next"]
    found = [file for file in seen if file["id"] in made]
    assert [file["id"] for file in found] == made
    assert [(file["size"], file["name"], file["type"]) for file in found] == [
        (size, f"{size}.txt", "text/plain") for size in range(5)
    ]
    for bad in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}):
        answer = client.get("/api/file", params=bad)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidArgument")


def test_s3_sees_the_same_objects(gateway: GatewayProcess, client: httpx.Client) -> None:
    file_id = put(client, b"seen by both")
    s3 = gateway.s3()
    got = s3.get_object(Bucket="files", Key=file_id)
    assert got["Body"].read() == b"seen by both"
    assert got["ContentType"] == "image/jpeg"
    s3.put_object(Bucket="files", Key="from/s3 ü.txt", Body=b"by s3")
    assert client.get("/api/file/from/s3 ü.txt").content == b"by s3"


def test_uploads_are_never_run_by_a_browser(client: httpx.Client) -> None:
    file_id = put(client, b"<script>alert(1)</script>", name="x.html", kind="text/html")
    headers = client.get(f"/api/file/{file_id}").headers
    assert headers["content-security-policy"].startswith("sandbox")
    assert headers["x-content-type-options"] == "nosniff"


def test_large_bodies_stream(tmp_path: Any) -> None:
    """Upload 192 MiB as a form and raw, with bounded memory, and read it back."""
    piece, count, used = os.urandom(MIB), 192, [0]

    def raw() -> Iterator[bytes]:
        for _ in range(count):
            yield piece
            used.append(gateway.memory_bytes())

    def form() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        yield from raw()
        yield b"\r\n--b--\r\n"

    limits = {"SIXFOLD_BUFFER_BYTES": str(64 * MIB)}
    with GatewayProcess(tmp_path / "data", environment=limits) as gateway, gateway.http() as client:
        before = gateway.memory_bytes()
        kind = {"content-type": "multipart/form-data; boundary=b"}
        for body, headers in ((form(), kind), (raw(), {})):
            answer = client.put("/api/file", content=body, headers=headers)
            assert answer.status_code == 201, answer.text
            seen = hashlib.md5()
            with client.stream("GET", answer.headers["location"]) as got:
                for data in got.iter_raw(MIB):
                    seen.update(data)
                    used.append(gateway.memory_bytes())
            assert f'"{seen.hexdigest()}"' == answer.headers["etag"]
        assert max(used) - before < 160 * MIB
