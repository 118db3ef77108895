"""The gateway that is running on a data directory: where it listens, and what it says of its nodes.

A gateway has its embedded nodes to itself, so a command that wants to know of them asks it. `serve` writes
its endpoint into the data directory; the file may be stale, so an answer, not the file, is what counts.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from s3api.access.keys import root_key
from s3api.blobs import NodeStatus
from s3api.settings import Settings, SettingsError

TIMEOUT_S = 5.0


def _endpoint_file(settings: Settings) -> Path:
    return settings.data / "endpoint"


@contextmanager
def announced(settings: Settings, url: str) -> Iterator[None]:
    """Say where this data directory is served, while it is."""
    path = _endpoint_file(settings)
    path.write_text(url + "\n")
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """The gateway of this data directory shows this certificate, which is for another name than 127.0.0.1."""
    if settings.tls_cert is None:
        return True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=settings.tls_cert)
    return context


def ask(settings: Settings, path: str, *, endpoint: str | None = None) -> Any | None:
    """What the running gateway (or that at `endpoint`) answers to a GET of `path`; None where none does."""
    try:
        url = (endpoint or _endpoint_file(settings).read_text()).strip().rstrip("/")
        root, _ = root_key(settings)
        answer = httpx.get(
            f"{url}{path}",
            auth=(root.access_key, root.secret_key),
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=_trust(settings),
        )
        answer.raise_for_status()
        return answer.json()
    except (OSError, SettingsError, httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None


def ask_nodes(settings: Settings) -> list[NodeStatus] | None:
    """The nodes as the running gateway knows them; None where none is running."""
    try:
        found = ask(settings, "/api/nodes")
        return [NodeStatus(**node) for node in found["nodes"]] if found else None
    except (KeyError, TypeError):
        return None
