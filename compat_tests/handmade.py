"""Requests made by hand: signed by an independent SigV4, sent over http.client or a bare socket.

boto3 sends only what is right; here a test can take a request that is right and spoil one thing in it.
Sources: "Create a signed AWS API request" and "Authenticating requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from compat_tests.support import Endpoint, xml

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
Headers = dict[str, str | bytes]


@dataclass(slots=True)
class Request:
    """What goes out, as it goes out: `path` and `query` are percent-encoded already."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        """The children of <Error>."""
        root = xml(self.body)
        assert root.tag == "Error"
        return {child.tag: child.text or "" for child in root}

    def refused(self, code: str, status: int) -> dict[str, str]:
        """Asserts that this is exactly that refusal; returns the children of <Error>."""
        assert self.status == status, (self.status, self.body[:400])
        assert self.error["Code"] == code, self.body[:400]
        return self.error


@dataclass(frozen=True, slots=True)
class Seal:
    """What signs the chunks of a streaming body: they chain on from the request's signature."""

    key: bytes
    stamp: str
    scope: str
    signature: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Signs and sends. Nothing in a request is checked here, and nothing is tried twice."""

    endpoint: Endpoint

    def send(self, request: Request) -> Answer:
        connection = self._connect()
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            with suppress(BrokenPipeError, ConnectionResetError):  # refused early: the answer can be read
                connection.send(request.body)
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def ask(self, method: str, path: str, query: str = "", **more: Any) -> Answer:
        """Sign and send in one go; `more` as for `signed`."""
        return self.send(self.signed(method, path, query, **more))

    def plain(
        self, method: str, path: str, query: str = "", headers: Headers | None = None, body: bytes = b""
    ) -> Request:
        """A request without a signature."""
        request = Request(method, path, query, {"host": self.endpoint.netloc}, body)
        if body or method in ("PUT", "POST"):
            request.headers["content-length"] = str(len(body))
        request.headers.update(headers or {})
        return request

    def signed(self, method: str, path: str, query: str = "", **more: Any) -> Request:
        """As `sealed`, for those who have no chunks to sign."""
        return self.sealed(method, path, query, **more)[0]

    def sealed(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        headers: Headers | None = None,
        body: bytes = b"",
        payload: str | None = None,
        when: datetime | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        service: str = "s3",
    ) -> tuple[Request, Seal]:
        """Signed in the header, host and every x-amz-* header included."""
        request = self.plain(method, path, query, headers, body)
        stamp = stamp_of(when)
        payload = payload or hashlib.sha256(body).hexdigest()
        request.headers |= {"x-amz-date": stamp, "x-amz-content-sha256": payload}
        names = signed_names(request.headers)
        scope = f"{stamp[:8]}/{self.endpoint.region}/{service}/aws4_request"
        key = self._key(scope, secret_key)
        signature = _sign(key, text_to_sign(stamp, scope, canonical(request, names, payload)))
        request.headers["authorization"] = (
            f"{ALGORITHM} Credential={access_key or self.endpoint.access_key}/{scope},"
            f"SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return request, Seal(key, stamp, scope, signature)

    def presigned(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        headers: Headers | None = None,
        body: bytes = b"",
        payload: str = UNSIGNED,
        when: datetime | None = None,
        expires: str = "300",
        drop: str = "",
    ) -> Request:
        """Signed in the query. `drop`: the parameter that is left out, before signing."""
        request = self.plain(method, path, query, headers, body)
        stamp = stamp_of(when)
        names = signed_names(request.headers)
        scope = f"{stamp[:8]}/{self.endpoint.region}/s3/aws4_request"
        given = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.endpoint.access_key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": expires,
            "X-Amz-SignedHeaders": ";".join(names),
        }
        added = [f"{name}={quote(value, safe='')}" for name, value in given.items() if name != drop]
        request.query = "&".join(([query] if query else []) + added)
        text = text_to_sign(stamp, scope, canonical(request, names, payload))
        if drop != "X-Amz-Signature":
            request.query += "&X-Amz-Signature=" + _sign(self._key(scope), text)
        return request

    def open_socket(self) -> socket.socket:
        """A connected socket, for what http.client would not send."""
        host, _, port = self.endpoint.netloc.partition(":")
        bare = socket.create_connection((host, int(port or (443 if self.endpoint.secure else 80))), 5)
        if not self.endpoint.secure:
            return bare
        return ssl.create_default_context().wrap_socket(bare, server_hostname=host)

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self.endpoint.secure else http.client.HTTPConnection
        return kind(self.endpoint.netloc, timeout=60)

    def _key(self, scope: str, secret_key: str | None = None) -> bytes:
        key = b"AWS4" + (secret_key or self.endpoint.secret_key).encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        return key


def head_of(request: Request) -> bytes:
    """Request line and headers, as they go over a socket."""
    lines = [f"{request.method} {request.target} HTTP/1.1".encode()]
    for name, value in request.headers.items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """The final answer on a bare socket; http.client passes over 100 Continue."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return _answer(response)
    finally:
        response.close()


def stamp_of(when: datetime | None) -> str:
    return (when or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")


def signed_names(headers: Headers) -> list[str]:
    names = (name.lower() for name in headers)
    return sorted(n for n in names if n in ("host", "content-md5", "content-type") or n.startswith("x-amz-"))


def canonical(request: Request, names: list[str], payload: str) -> bytes:
    """The canonical request; S3 takes the path as it is, encoded once."""
    pairs = sorted(
        (_encoded(name), _encoded(value))
        for name, _, value in (pair.partition("=") for pair in request.query.split("&") if pair)
    )
    values = {name.lower(): value for name, value in request.headers.items()}
    lines = [request.method.encode(), request.path.encode(), "&".join(f"{n}={v}" for n, v in pairs).encode()]
    for name in names:
        value = values[name]
        text = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.encode() + b":" + b" ".join(text.split()))
    return b"\n".join([*lines, b"", ";".join(names).encode(), payload.encode()])


def text_to_sign(stamp: str, scope: str, canonical_request: bytes) -> bytes:
    return f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical_request).hexdigest()}".encode()


def sign_chunk(seal: Seal, previous: str, chunk: bytes) -> str:
    digest = hashlib.sha256(chunk).hexdigest()
    text = f"{ALGORITHM}-PAYLOAD\n{seal.stamp}\n{seal.scope}\n{previous}\n{EMPTY_SHA256}\n{digest}"
    return _sign(seal.key, text.encode())


def sign_trailer(seal: Seal, previous: str, trailer: bytes) -> str:
    digest = hashlib.sha256(trailer).hexdigest()
    text = f"{ALGORITHM}-TRAILER\n{seal.stamp}\n{seal.scope}\n{previous}\n{digest}"
    return _sign(seal.key, text.encode())


def _sign(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, "sha256").hexdigest()


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def _answer(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
