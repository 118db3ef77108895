"""Handmade requests: signed by an independent SigV4 implementation, sent by http.client or a bare socket.

boto3 sends only valid requests. Here a test takes a valid request and makes one thing in it wrong.
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

from compat_tests.failures import record_raw
from compat_tests.support import Endpoint, xml

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
Headers = dict[str, str | bytes]


@dataclass(slots=True)
class Request:
    """A request to send unchanged: `path` and `query` are percent-encoded already."""

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
    """A response. Header names are in lower case."""

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
        """Assert that this is an S3 error of this code and status. Returns the children of <Error>."""
        assert self.status == status, (self.status, self.body[:400])
        assert self.error["Code"] == code, self.body[:400]
        return self.error


@dataclass(frozen=True, slots=True)
class ChunkSigning:
    """Inputs to the chunk signatures of a streaming body, whose chain starts at the request's `signature`."""

    key: bytes
    stamp: str
    scope: str
    signature: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Signs and sends requests, without validation and without retries."""

    endpoint: Endpoint

    def send(self, request: Request) -> Answer:
        connection = self._connect()
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # the server answered early: its answer can be read
                connection.send(request.body)
            return _answer(connection.getresponse(), f"{request.method} {request.path}")
        finally:
            connection.close()

    def ask(self, method: str, path: str, query: str = "", **more: Any) -> Answer:
        """Sign and send a request. `more`: the keyword arguments of `signed`."""
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
        """A request signed in its Authorization header. `more`: arguments of `signed_with_chain`."""
        return self.signed_with_chain(method, path, query, **more)[0]

    def signed_with_chain(
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
    ) -> tuple[Request, ChunkSigning]:
        """A request signed in its Authorization header, and what signs its chunks.

        Host and every x-amz-* header are signed.
        """
        request = self.plain(method, path, query, headers, body)
        stamp = stamp_of(when)
        payload = payload or hashlib.sha256(body).hexdigest()
        request.headers |= {"x-amz-date": stamp, "x-amz-content-sha256": payload}
        names = signed_names(request.headers)
        scope = f"{stamp[:8]}/{self.endpoint.region}/{service}/aws4_request"
        key = self._key(scope, secret_key)
        signature = _sign(key, string_to_sign(stamp, scope, canonical_request(request, names, payload)))
        request.headers["authorization"] = (
            f"{ALGORITHM} Credential={access_key or self.endpoint.access_key}/{scope},"
            f"SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return request, ChunkSigning(key, stamp, scope, signature)

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
        """A presigned request. `drop`: the name of a parameter to leave out, before signing."""
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
        text = string_to_sign(stamp, scope, canonical_request(request, names, payload))
        if drop != "X-Amz-Signature":
            request.query += "&X-Amz-Signature=" + _sign(self._key(scope), text)
        return request

    def open_socket(self) -> socket.socket:
        """A connected socket, for requests that http.client cannot send."""
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
    """The request line and headers as bytes."""
    lines = [f"{request.method} {request.target} HTTP/1.1".encode()]
    for name, value in request.headers.items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Read the final answer from a bare socket. http.client skips 100 Continue."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return _answer(response, method)
    finally:
        response.close()


def stamp_of(when: datetime | None) -> str:
    return (when or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")


def signed_names(headers: Headers) -> list[str]:
    names = (name.lower() for name in headers)
    return sorted(n for n in names if n in ("host", "content-md5", "content-type") or n.startswith("x-amz-"))


def canonical_request(request: Request, names: list[str], payload: str) -> bytes:
    """The canonical request of SigV4. S3 uses the path as sent, percent-encoded once."""
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


def string_to_sign(stamp: str, scope: str, canonical: bytes) -> bytes:
    return f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}".encode()


def sign_chunk(signing: ChunkSigning, previous: str, chunk: bytes) -> str:
    digest = hashlib.sha256(chunk).hexdigest()
    text = f"{ALGORITHM}-PAYLOAD\n{signing.stamp}\n{signing.scope}\n{previous}\n{EMPTY_SHA256}\n{digest}"
    return _sign(signing.key, text.encode())


def sign_trailer(signing: ChunkSigning, previous: str, trailer: bytes) -> str:
    digest = hashlib.sha256(trailer).hexdigest()
    text = f"{ALGORITHM}-TRAILER\n{signing.stamp}\n{signing.scope}\n{previous}\n{digest}"
    return _sign(signing.key, text.encode())


def _sign(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, "sha256").hexdigest()


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def _answer(response: http.client.HTTPResponse, request: str) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = response.read()
    record_raw(request, response.status, headers, body)
    return Answer(response.status, headers, body)
