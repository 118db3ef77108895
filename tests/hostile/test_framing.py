"""Where one request ends and the next begins: whatever two readers might see differently is refused."""

from __future__ import annotations

import time

import pytest

from tests.gateway_process import GatewayProcess
from tests.hostile.conftest import BODY, BUCKET
from tests.hostile.wire import HOST, OPEN, connected, head, statuses, talk

PUT = f"/{BUCKET}/framed"
GET = f"/{BUCKET}/k"


def absent(gateway: GatewayProcess, path: str = PUT) -> bool:
    answer = talk(gateway, head(gateway, "HEAD", path, b"Connection: close"))
    return statuses(answer) == [404]


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ((b"Content-Length: 5", b"Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked", b"Content-Length: 5"), b"0\r\n\r\n"),
        ((b"Content-Length: 5", b"Content-Length: 5"), b"hello"),
        ((b"Content-Length: 5", b"Content-Length: 6"), b"hello!"),
        ((b"Content-Length: 5, 5",), b"hello"),
        ((b"Content-Length: -5",), b"hello"),
        ((b"Content-Length: +5",), b"hello"),
        ((b"Content-Length: 0x5",), b"hello"),
        ((b"Content-Length:",), b"hello"),
        ((b"Content-Length : 5",), b"hello"),
        ((b"Content-Length: 99999999999999999999999",), b"hello"),
        ((b"Content-Length: 9223372036854775808",), b"hello"),
        ((b"Transfer-Encoding: identity",), b"hello"),
        ((b"Transfer-Encoding: chunked, identity",), b"5\r\nhello\r\n0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), b"5\r\nhello\r\n0\r\n\r\n"),
        ((b"Transfer-Encoding: xchunked",), b"5\r\nhello\r\n0\r\n\r\n"),
        ((b"Transfer-Encoding: \x0bchunked",), b"5\r\nhello\r\n0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked",), b"zz\r\nhello\r\n0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked",), b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ((b"X: folded", b" over", b"Content-Length: 5"), b"hello"),
        ((b"X: a\x01b", b"Content-Length: 5"), b"hello"),
    ],
)
def test_doubtful_framing(impatient: GatewayProcess, lines: tuple[bytes, ...], body: bytes) -> None:
    answer = talk(impatient, head(impatient, "PUT", PUT, *lines), body, head(impatient, "GET", GET))
    assert statuses(answer) == [400]
    assert not answer.endswith(OPEN)
    assert absent(impatient)


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"Gzip , chunked"])
def test_a_transfer_coding_that_nobody_undoes(impatient: GatewayProcess, coding: bytes) -> None:
    """Stored as it came, the object would be the compressed bytes."""
    answer = talk(
        impatient, head(impatient, "PUT", PUT, b"Transfer-Encoding: " + coding), b"5\r\nhello\r\n0\r\n\r\n"
    )
    assert statuses(answer) == [501]
    assert b"<Header>Transfer-Encoding</Header>" in answer
    assert absent(impatient)


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0"])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_upgrade_with_a_body(impatient: GatewayProcess, protocol: bytes, chunked: bool) -> None:
    """The parser ends such a request at its head: the body would be lost, or be the next request."""
    inner = head(impatient, "GET", GET)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner) if chunked else inner
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(inner)
    outer = head(impatient, "PUT", PUT, b"Connection: Upgrade", b"Upgrade: " + protocol, length)
    for pieces in ((outer + framed,), (outer, framed)):
        answer = talk(impatient, *pieces)
        assert statuses(answer) == [400]
        assert not answer.endswith(OPEN)
    assert absent(impatient)


def test_an_upgrade_without_a_body_is_passed_over(impatient: GatewayProcess) -> None:
    answer = talk(impatient, head(impatient, "GET", GET, b"Connection: Upgrade", b"Upgrade: h2c"))
    assert statuses(answer) == [200]
    assert answer.endswith(BODY)


def test_endless_trailers(impatient: GatewayProcess) -> None:
    answer = talk(
        impatient,
        head(impatient, "PUT", PUT, b"Transfer-Encoding: chunked"),
        b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 50_000,
    )
    assert statuses(answer) in ([431], [])
    assert absent(impatient)


def test_an_endless_chunk_extension(impatient: GatewayProcess) -> None:
    began = time.monotonic()
    answer = talk(
        impatient,
        head(impatient, "PUT", PUT, b"Transfer-Encoding: chunked"),
        b"5;" + b"x" * 1_000_000,
        quiet_s=10,
    )
    assert b"<Code>RequestTimeout</Code>" in answer
    assert time.monotonic() - began < 8
    assert absent(impatient)


# --- connections that go on --------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 5, 70_000, 900_000])
def test_an_unread_body_is_not_the_next_request(impatient: GatewayProcess, size: int) -> None:
    """Refused before its body was read, which looks like a request: it is passed over."""
    inner = head(impatient, "DELETE", GET)
    body = (inner * (size // len(inner) + 1))[:size]
    refused = b"PUT " + PUT.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size
    answer = talk(impatient, refused, body, head(impatient, "GET", GET, b"Connection: close"), quiet_s=5)
    assert statuses(answer) == [403, 200]
    assert answer.endswith(BODY)


def test_a_large_unread_body_closes_the_connection(impatient: GatewayProcess) -> None:
    refused = b"PUT " + PUT.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 2000000\r\n\r\n"
    with connected(impatient) as connection:
        connection.sendall(refused)
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
    assert statuses(answer) == [403]
    assert b"connection: close" in answer


def test_pipelined_requests_are_answered_in_turn(impatient: GatewayProcess) -> None:
    put = head(impatient, "PUT", f"/{BUCKET}/piped", b"Content-Length: 5") + b"hello"
    last = head(impatient, "GET", f"/{BUCKET}/piped", b"Connection: close")
    missing = head(impatient, "HEAD", f"/{BUCKET}/missing")
    answer = talk(impatient, put + missing + head(impatient, "GET", GET) * 20 + last, quiet_s=5)
    assert statuses(answer) == [200, 404, *[200] * 21]
    assert answer.endswith(b"hello")


@pytest.mark.parametrize("path", [f"/{BUCKET}/missing", "/no-such-bucket/k", "/no-such-bucket"])
def test_errors_of_head_have_no_body(impatient: GatewayProcess, path: str) -> None:
    answer = talk(
        impatient,
        head(impatient, "HEAD", path) + head(impatient, "GET", GET, b"Connection: close"),
        quiet_s=5,
    )
    assert statuses(answer) == [404, 200]
    assert b"<Error>" not in answer


@pytest.mark.parametrize(
    ("path", "lines", "status"),
    [
        ("/no-such-bucket/k", (), 404),
        (f"/{BUCKET}/k", (b"If-None-Match: *",), 412),
        (f"/{BUCKET}/k", (b"x-amz-meta-unsigned: 1",), 403),
        (f"/{BUCKET}/k", (b"Content-MD5: nonsense",), 400),
    ],
)
def test_what_waits_for_100_continue_is_refused_without(
    impatient: GatewayProcess, path: str, lines: tuple[bytes, ...], status: int
) -> None:
    """No 100, and the connection is closed: a body that comes all the same is not the next request."""
    answer = talk(
        impatient, head(impatient, "PUT", path, *lines, b"Expect: 100-continue", b"Content-Length: 5")
    )
    assert statuses(answer) == [status]
    assert b"connection: close" in answer
    assert not answer.endswith(OPEN)
