"""The checks of `sixfold config check`: whether a gateway could start with these settings. They start and
change nothing.

Each check gives one finding. Those of `check_offline` look at this machine alone; those of
`check_connections` connect to the database, the nodes and the key service. A check imports the libraries that
it needs itself, so that one which is not run costs nothing.
"""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from metadata.errors import MetadataError
from s3api.settings import MIN_NODES, SETTINGS, Settings, SettingsError, without_password

if TYPE_CHECKING:
    from metadata.schema.probe import Look

_PREFIX = "SIXFOLD_"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. `wrong`: the problem, "" where there is none."""

    about: str
    found: str
    wrong: str = ""


def unknown_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables with our prefix that are no setting: a misspelt name would have no effect, without a word."""
    from chunkd.file_settings import SUFFIX
    from s3api.observe.workers import VARIABLE

    fields = [_PREFIX + name.upper() for name in SETTINGS]
    known = {*fields, *(name + SUFFIX for name in fields), VARIABLE, "SIXFOLD_NODE"}
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"; is {close[0]} meant?" if close else ""
            yield Finding(name, "", f"there is no such setting{meant}")


def check_offline(settings: Settings) -> Iterator[Finding]:
    """Check each part of the settings that is used, without a connection."""
    from s3api.kms.keyfile import KeyFileError

    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("data", _data),
        ("access_key", _root_key),
        ("database", _database_url),
        ("nodes", _nodes),
        ("key_file", _key_file),
        ("access_log", _access_log),
        ("traces", _traces),
    ]
    if settings.http.tls_cert is not None:
        checks.append(("tls_cert", _certificate))
    if settings.events.targets:
        checks.append(("event_targets", _targets))
    for about, check in checks:
        try:
            yield Finding(about, check(settings))
        except (SettingsError, KeyFileError, ValueError, OSError) as why:
            yield Finding(about, "", str(why))


async def check_connections(settings: Settings) -> AsyncIterator[Finding]:
    """Connect to the database, to each node (registered, or in the settings), and to the key service."""
    import asyncio

    from chunkd.address import is_local
    from metadata.schema.probe import look

    registered: tuple[str, ...] = ()
    try:
        seen = await asyncio.to_thread(look, settings.database_url)
        registered = seen.nodes
        yield Finding("database", f"{seen.server}, {_tables(seen)}")
    except MetadataError as why:
        yield Finding("database", "", str(why))
    except ValueError:
        pass  # not a database URL: `check_offline` has reported it
    addresses = dict.fromkeys([*registered, *_to_register(settings, registered)])
    if len(addresses) < MIN_NODES:
        yield Finding(
            "nodes", "", f"{len(addresses)} nodes are registered or given, at least {MIN_NODES} are needed"
        )
    remote = [address for address in addresses if not is_local(address)]
    for finding in await asyncio.gather(*(_ask_node(settings, address) for address in remote)):
        yield finding
    if settings.encryption.kms_endpoint:
        yield await _ask_key_service(settings)


# --- offline -----------------------------------------------------------------------------------


def _data(settings: Settings) -> str:
    _check_writable(settings.data)
    return str(settings.data)


def _root_key(settings: Settings) -> str:
    from s3api.access.root_key import credentials_path, root_key

    if settings.access.access_key is None and not credentials_path(settings).exists():
        return "none yet: the first start creates a key pair"
    root, _ = root_key(settings)
    return root.access_key


def _database_url(settings: Settings) -> str:
    if not settings.metadata.database:
        _check_writable(settings.data)
        return settings.database_url

    from metadata.schema.probe import parse_url

    url = parse_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        _check_writable(Path(str(url.database)).parent)
    return url.render_as_string(hide_password=True)


def _nodes(settings: Settings) -> str:
    """Check the syntax of addresses, and that embedded nodes can be written."""
    import asyncio

    for address in settings.nodes.addresses:
        parts = urlsplit(address)
        if parts.scheme == "lmdb" and parts.path:
            _check_writable(settings.data / parts.path)
        else:
            asyncio.run(_open_and_close(settings, address))
        if parts.scheme == "memory" and settings.http.workers > 1:
            raise SettingsError(
                f"{address} belongs to one process, but there are {settings.http.workers} workers"
            )
    if settings.nodes.ca is not None:
        asyncio.run(_open_and_close(settings, "https://localhost"))
    return f"{len(settings.nodes.addresses)} given" if settings.nodes.given else "embedded (default)"


def _key_file(settings: Settings) -> str:
    from s3api.kms.keyfile import KeyFile

    path = settings.key_file_path
    if not path.exists():
        _check_writable(path.parent)
        return f"{path}, created at its first use"
    return f"{path}, {len(KeyFile(path, region=settings.region).all())} keys"


def _access_log(settings: Settings) -> str:
    from s3api.observe.access_log import check_access_log

    if settings.logs.access_log_path is None:
        return "standard output"
    if settings.logs.access_log_path.exists():
        check_access_log(settings)
    else:
        _check_writable(settings.logs.access_log_path.parent)
    return str(settings.logs.access_log_path)


def _traces(_: Settings) -> str:
    from chunkd.otel import traces_enabled

    return "exported" if traces_enabled(os.environ) else "off"


def _certificate(settings: Settings) -> str:
    from cryptography import x509

    from s3api.serving.uvicorn_config import check_tls

    check_tls(settings)
    assert settings.http.tls_cert is not None
    ends = x509.load_pem_x509_certificate(settings.http.tls_cert.read_bytes()).not_valid_after_utc
    if ends.timestamp() < time.time():
        raise SettingsError(f"the certificate {settings.http.tls_cert} expired on {ends:%Y-%m-%d}")
    return f"{settings.http.tls_cert}, valid until {ends:%Y-%m-%d}"


def _targets(settings: Settings) -> str:
    from s3api.events.targets import Targets

    Targets(settings.events.targets)
    return ", ".join(settings.events.targets)


def _check_writable(directory: Path) -> None:
    """Check that files can be created in a directory, which may not exist yet. Raises SettingsError."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir():
        raise SettingsError(f"{there} is not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SettingsError(f"{there} is not writable")


# --- connections --------------------------------------------------------------------------------


def _tables(seen: Look) -> str:
    if not seen.tables:
        return "no tables yet: the first start creates them"
    return "tables are up to date" if seen.tables == "current" else "the next start migrates the tables"


def _to_register(settings: Settings, registered: tuple[str, ...]) -> tuple[str, ...]:
    return settings.nodes.addresses if settings.nodes.given or not registered else ()


async def _ask_node(settings: Settings, address: str) -> Finding:
    from chunkd import NodeError

    about = f"node {without_password(address)}"
    try:
        await _open_and_close(settings, address, ask=True)
    except (NodeError, OSError, ValueError) as why:
        return Finding(about, "", str(why))
    return Finding(about, "answers")


async def _open_and_close(settings: Settings, address: str, *, ask: bool = False) -> None:
    """Open a node as a gateway would, and ping it where `ask`."""
    from chunkd import open_node

    node = await open_node(
        address,
        base=settings.data,
        token=settings.nodes.token_text,
        timeout_s=settings.nodes.timeout_s,
        ca=settings.nodes.ca,
    )
    try:
        if ask:
            await node.ping()
    finally:
        await node.close()


async def _ask_key_service(settings: Settings) -> Finding:
    """Check that the key service answers, with whatever status."""
    import httpx

    endpoint = str(settings.encryption.kms_endpoint)
    try:
        async with httpx.AsyncClient(timeout=settings.encryption.kms_timeout_s) as http:
            await http.get(endpoint)
    except (httpx.HTTPError, httpx.InvalidURL) as why:
        return Finding("kms_endpoint", "", f"{endpoint} does not answer: {type(why).__name__}")
    return Finding("kms_endpoint", f"{endpoint} answers")
