"""One HTTP request, the source of its body, and the sending of its answer by ASGI."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from email.utils import formatdate
from typing import Any, NamedTuple, Protocol

from chunkd import Buffer
from s3api.body import ClientGone
from s3api.errors import S3Error

Scope = MutableMapping[str, Any]
Body = Buffer | AsyncIterator[Buffer] | None
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]
_TLS_EXTENSION = "sixfold.tls"

# The rest of a refused body up to this size is read, to keep the connection; for a larger one it is closed.
DRAIN_BYTES = 1 << 20


class Request:
    """One request, with raw path, query and headers for signatures, and decoded headers by lower-case name.

    Repeated headers are joined with a comma.
    """

    __slots__ = (
        "_receive",
        "_scope",
        "ended",
        "headers",
        "method",
        "raw_headers",
        "raw_path",
        "raw_query",
        "received",
        "scope",
        "secure",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.raw_path: bytes = scope["raw_path"]
        self.raw_query: bytes = scope["query_string"]
        self.raw_headers: RawHeaders = scope["headers"]
        self.secure: bool = scope["scheme"] == "https"
        self.headers = joined(self.raw_headers)
        self._scope, self._receive = scope, receive
        self.received = 0
        self.ended = False

    async def pieces(self) -> Sequence[Buffer]:
        """Return the next bytes of the body, () at its end: a `body.Source`. Raises ClientGone."""
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            self.ended = not message.get("more_body", False)
            if data := message.get("body"):
                self.received += len(data)
                return (data,)
        return ()

    @property
    def tls_version(self) -> str | None:
        """The version of TLS ("1.3") that the request came over, None without TLS."""
        tls = tls_of(self.scope)
        return tls.version if tls else None

    @property
    def url(self) -> str:
        """The URL without its query: the Host header and the path as the client sent them."""
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{self.headers.get('host', '')}{self.raw_path.decode('latin-1')}"

    def set_host(self, host: str) -> None:
        """Replace the Host header."""
        others = [(name, value) for name, value in self.raw_headers if name != b"host"]
        self.raw_headers = [(b"host", host.encode("latin-1")), *others]
        self.headers["host"] = host

    @property
    def has_body(self) -> bool:
        return self.chunked or self.headers.get("content-length", "0") != "0"

    @property
    def chunked(self) -> bool:
        return "transfer-encoding" in self.headers

    @property
    def must_close(self) -> bool:
        """Whether the connection has to be closed after an answer that left the body unread."""
        if self.ended or not self.has_body:
            return False
        if self.chunked or "expect" in self.headers:
            return True
        length = self.headers["content-length"]
        return not length.isdecimal() or int(length) - self.received > DRAIN_BYTES


class Tls(NamedTuple):
    """The TLS of a connection. `protocol` and `cipher` as OpenSSL names them ("TLSv1.3")."""

    protocol: str
    cipher: str

    @property
    def version(self) -> str:
        """The version alone ("1.3")."""
        version = self.protocol.removeprefix("TLSv")
        return version if "." in version else f"{version}.0"


def set_tls(scope: Scope, tls: Tls) -> None:
    """Note the TLS of the connection that a request came by."""
    scope["extensions"] = {_TLS_EXTENSION: tls}


def tls_of(scope: Scope) -> Tls | None:
    """Return the TLS of the connection that a request came by, None for a plain connection."""
    extensions = scope.get("extensions")
    found: Tls | None = extensions.get(_TLS_EXTENSION) if extensions else None
    return found


def declared_length(request: Request) -> int | None:
    """Return the Content-Length, None without one. Raises InvalidArgument if it is not a number."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise S3Error(
            "InvalidArgument", "Bad Content-Length", ArgumentName="content-length", ArgumentValue=text
        )
    return int(text)


def joined(raw: RawHeaders) -> dict[str, str]:
    """Join headers by lower-case name, decoded as UTF-8 if they are valid UTF-8, else as Latin-1."""
    out: dict[str, str] = {}
    for name, value in raw:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        key = name.decode("latin-1")
        out[key] = f"{out[key]},{text}" if key in out else text
    return out


class _Clock:
    """Formats the Date header, once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second, self._text = 0, b""

    def __call__(self) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second, self._text = now, formatdate(now, usegmt=True).encode()
        return self._text


date = _Clock()


class Count(Protocol):
    """Counts the bytes of a body as they are sent."""

    sent: int


class Answer(Protocol):
    """Sends one answer and adds the bytes of its body to `count.sent`. Raises ClientGone.

    A failure of an iterator propagates, and the answer stays incomplete: the server then closes the
    connection.
    """

    async def __call__(
        self, status: int, headers: RawHeaders, body: Body, *, head: bool = False, count: Count | None = None
    ) -> None: ...


async def send_reply(
    send: Send,
    status: int,
    headers: RawHeaders,
    body: Body,
    *,
    head: bool = False,
    count: Count | None = None,
) -> None:
    """Send an answer by ASGI: an `Answer` once `send` is bound."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if head or body is None or isinstance(body, bytes | bytearray | memoryview):
        data = b"" if head or not isinstance(body, bytes | bytearray | memoryview) else body
        await send({"type": "http.response.body", "body": data})
        if count is not None:
            count.sent += len(data)
        return
    try:
        async for buffer in body:
            await send({"type": "http.response.body", "body": buffer, "more_body": True})
            if count is not None:
                count.sent += len(buffer)
    finally:
        if (close := getattr(body, "aclose", None)) is not None:
            await close()  # releases buffers it read ahead now, not at a garbage collection
    await send({"type": "http.response.body", "body": b""})
