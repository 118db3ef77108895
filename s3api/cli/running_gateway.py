"""The gateway that runs on a data directory: its address, and its answers to GET requests.

A gateway has its embedded nodes to itself, so a command asks the gateway about them. `serve` writes its
endpoint into the data directory. The file may be stale: only an answer proves that a gateway runs.
"""

from __future__ import annotations

import base64
import http.client  # not httpx, which takes 0.15 s longer to import
import json
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from s3api.access.root_key import root_key
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from s3api.blobs import NodeStatus

TIMEOUT_S = 5.0


def _endpoint_file(settings: Settings) -> Path:
    return settings.data / "endpoint"


@contextmanager
def announced(settings: Settings, url: str) -> Iterator[None]:
    """Keep the endpoint of the gateway in its data directory, while it serves."""
    path = _endpoint_file(settings)
    path.write_text(url + "\n")
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def ask(settings: Settings, path: str, *, endpoint: str | None = None) -> Any | None:
    """The JSON answer of the running gateway (or the one at `endpoint`) to GET `path`; None without one."""
    try:
        url = (endpoint or _endpoint_file(settings).read_text()).strip().rstrip("/")
        root, _ = root_key(settings)
        pair = base64.b64encode(f"{root.access_key}:{root.secret_key}".encode()).decode()
        with closing(_connection(settings, url)) as connection:
            headers = {"Authorization": f"Basic {pair}"}
            connection.request("GET", urlsplit(url).path + path, headers=headers)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == http.client.OK else None
    except (OSError, SettingsError, http.client.HTTPException, ValueError):
        return None


def _connection(settings: Settings, url: str) -> http.client.HTTPConnection:
    """Raises ValueError for what is not an http or https URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http or https URL: {url}")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    return http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=TIMEOUT_S, context=_tls_context(settings)
    )


def _tls_context(settings: Settings) -> ssl.SSLContext:
    """Trust the certificate of the settings, whatever its name: the gateway is asked at 127.0.0.1."""
    if settings.http.tls_cert is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=settings.http.tls_cert)
    return context


def ask_nodes(settings: Settings) -> list[NodeStatus] | None:
    """The nodes as the running gateway sees them; None where no gateway runs."""
    from s3api.blobs import NodeStatus

    found = ask(settings, "/api/nodes")
    try:
        return [NodeStatus(**node) for node in found["nodes"]] if found else None
    except (KeyError, TypeError):
        return None
