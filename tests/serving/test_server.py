"""HTTP server of both endpoints: limits of a request head, and routing between S3 and REST."""

from __future__ import annotations

import socket
from contextlib import suppress
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from s3api.body import ClientGone
from s3api.http.connection import send_while_connected
from tests.gateway_process import GatewayProcess


def ask(gateway: GatewayProcess, request: bytes) -> bytes:
    """Send raw bytes and read the response until the server closes the connection."""
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as raw,
        suppress(ConnectionError),  # closed while there was more to send: an answer may be lost with it
    ):
        raw.sendall(request)
        while data := raw.recv(65536):
            answer += data
    return answer


def get(path: bytes, *headers: bytes, host: bytes = b"127.0.0.1") -> bytes:
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers, b"", b""]
    return b"\r\n".join(lines)


def test_a_head_that_is_too_large(gateway: GatewayProcess) -> None:
    many = [b"X-%d: %s" % (n, b"v" * 1000) for n in range(70)]
    for request in (
        get(b"/", b"X: " + b"v" * 70_000),
        get(b"/", *many),
        get(b"/" + b"k" * 70_000),
    ):
        assert ask(gateway, request).startswith(b"HTTP/1.1 431 ")
    for endless in (b"GET / HTTP/1.1\r\nX: " + b"v" * 400_000, b"GET /" + b"k" * 400_000):
        assert ask(gateway, endless)[:13] in (b"HTTP/1.1 431 ", b"")
    assert ask(gateway, get(b"/", *many[:50])).startswith(b"HTTP/1.1 403 ")
    assert gateway.is_ready()


def test_a_connection_is_good_for_many_heads(gateway: GatewayProcess) -> None:
    """The limit applies to each request, not to the whole connection."""
    with gateway.http() as client:
        for _ in range(10):
            assert client.get("/api/health/live", headers={"x": "v" * 30_000}).status_code == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        "GET /größe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400(gateway: GatewayProcess, request_bytes: bytes) -> None:
    assert ask(gateway, request_bytes).startswith(b"HTTP/1.1 400 ")
    assert gateway.is_ready()


async def test_nothing_more_is_read_for_a_client_that_has_gone() -> None:
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    transport = SimpleNamespace(is_closing=lambda: False)
    cycle = SimpleNamespace(disconnected=False, transport=transport, flow=SimpleNamespace(write_paused=False))
    await send_while_connected(cycle, send, {"n": 1})
    cycle.disconnected = True
    with pytest.raises(ClientGone):
        await send_while_connected(cycle, send, {"n": 2})
    assert sent == [{"n": 1}]


def test_a_download_that_is_broken_off_is_no_error(gateway: GatewayProcess) -> None:
    with gateway.http() as client:
        url = client.put("/api/file", content=bytes(20 << 20)).headers["location"]
        gateway.s3().put_object(Bucket="files", Key="big", Body=bytes(20 << 20))
        before = len(gateway.log())
        for path in (
            url,
            gateway.s3().generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "big"}),
        ):
            with client.stream("GET", path) as got:
                next(got.iter_raw(1000))
        assert client.get(url).status_code == 200
    assert "Traceback" not in gateway.log()[before:]


def test_who_answers(gateway: GatewayProcess) -> None:
    xml, json = b"application/xml", b"application/problem+json"
    for path, host, kind in (
        (b"/api/nope", b"127.0.0.1", json),
        (b"/api", b"127.0.0.1", json),
        (b"/apifoo", b"127.0.0.1", xml),
        (b"/apifoo/x", b"127.0.0.1", xml),
        (b"/", b"127.0.0.1", xml),
        (b"//api/file", b"127.0.0.1", xml),
        (b"/api/file", b"photos.s3.localhost", xml),
        (b"/api/nope", b"s3.localhost", json),
    ):
        assert kind in ask(gateway, get(path, host=host)), (path, host)


def test_a_bucket_named_api_is_refused_in_s3s_own_words(gateway: GatewayProcess) -> None:
    s3 = gateway.s3()
    with pytest.raises(ClientError) as refused:
        s3.create_bucket(Bucket="api")
    assert refused.value.response["Error"]["Code"] == "InvalidBucketName"
    with pytest.raises(ClientError) as missing:
        s3.list_objects_v2(Bucket="api")
    assert missing.value.response["Error"]["Code"] == "NoSuchBucket"


def test_too_many_requests_are_told_to_slow_down(tmp_path_factory: pytest.TempPathFactory) -> None:
    limits = {"SIXFOLD_MAX_CONCURRENT_REQUESTS": "1"}
    data = tmp_path_factory.mktemp("slow") / "data"
    with (
        GatewayProcess(data, environment=limits) as gateway,
        socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as raw,
    ):
        raw.sendall(b"PUT /api/file HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                    b"Content-Length: 10\r\n\r\n")  # fmt: skip
        assert raw.recv(1000).startswith(b"HTTP/1.1 100 ")  # it waits for the body
        refused = ask(gateway, get(b"/"))
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"<Code>SlowDown</Code>" in refused
        raw.sendall(b"0123456789")
        assert raw.recv(1000).startswith(b"HTTP/1.1 201 ")
        assert ask(gateway, get(b"/")).startswith(b"HTTP/1.1 403 ")
