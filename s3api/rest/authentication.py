"""Access to REST: open to local requests; others need an S3 key pair (HTTP Basic, RFC 7617), or a token.

A request is local if the gateway listens on a loopback address, the Host header is a loopback name (that of a
page whose own name points at 127.0.0.1 is not), and no proxy header is present. Web pages of another origin
may never write, whether or not the browser adds a password; Sec-Fetch-Site and Origin give them away.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import SecretStr

from chunkd.loopback import is_loopback
from s3api.access.key_generation import ROOT_OWNER
from s3api.rest.problem_details import Refused
from s3api.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_CHALLENGE = {"www-authenticate": 'Basic realm="Sixfold", charset="UTF-8"'}
_PORT = re.compile(r":\d*$")


class Access:
    """A FastAPI dependency that authenticates a request, or raises `Refused` 401 or 403.

    It sets `request.state.owner`, the canonical id of the caller's account.
    """

    def __init__(self, *, token: bool = False, always: bool = False) -> None:
        """`token`: the metrics token is accepted too (RFC 6750). `always`: local requests need a key pair
        too."""
        self._token, self._always = token, always

    async def __call__(self, request: Request) -> None:
        if request.method not in _SAFE and _cross_site(request):
            raise Refused(403, "CrossSite", "A page of another origin may not write here.")
        if self._is_open(request) or self._has_token(request):
            request.state.owner = request.app.state.store.keys.root.owner
        else:
            request.state.owner = await _authenticate(request)
        request.state.record.owner = request.state.owner

    def _has_token(self, request: Request) -> bool:
        wanted: SecretStr | None = request.app.state.settings.rest.metrics_token
        if not self._token or wanted is None:
            return False
        shown = request.headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(shown, f"Bearer {wanted.get_secret_value()}".encode())

    def _is_open(self, request: Request) -> bool:
        settings: Settings = request.app.state.settings
        if self._always:
            return False
        if settings.rest.open is not None:
            return settings.rest.open
        headers = request.headers
        return (
            settings.http.on_loopback
            and is_loopback(_PORT.sub("", headers.get("host", "")))
            and not any(name in headers for name in _PROXIED)
        )


async def _authenticate(request: Request) -> str:
    """Check the key pair of a request and return its owner. Raises `Refused`."""
    access_key, secret = _credentials(request.headers.get("authorization", ""))
    found = await request.app.state.store.keys.find(access_key) if access_key else None
    known = found.secret_key.encode() if found else b""
    if not hmac.compare_digest(known, secret) or not found:
        raise Refused(401, "AccessDenied", "Basic authentication with an S3 key pair is needed.", _CHALLENGE)
    request.state.record.access_key = access_key
    if found.owner != ROOT_OWNER or found.user_name is not None:
        raise Refused(403, "AccessDenied", "REST is for the keys of the first account itself.")
    owner: str = found.owner
    return owner


def _credentials(header: str) -> tuple[str, bytes]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", b"\0"
    try:
        user, colon, secret = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), secret) if colon else ("", b"\0")
    except (binascii.Error, ValueError):
        return "", b"\0"


def _cross_site(request: Request) -> bool:
    """Whether the request comes from a web page of another origin (Fetch metadata; RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
