"""What `sixfold config check` looks at: whether a gateway could start with these settings. Starts nothing,
changes nothing.

Every look gives one finding. Those of `at_rest` need nobody's answer; those of `connecting` ask the database,
the nodes and the key service.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from chunkd import NodeError
from chunkd.address import is_local
from chunkd.file_settings import SUFFIX
from chunkd.otel import traces_enabled
from metadata.errors import MetadataError
from metadata.schema.probe import Look, look, parse_url
from s3api.access.keys import credentials_path, root_key
from s3api.kms.keyfile import KeyFileError
from s3api.observe.workers import VARIABLE
from s3api.serving.app import check_access_log
from s3api.serving.uvicorn_config import check_tls
from s3api.settings import MIN_NODES, Settings, SettingsError, without_password
from s3api.store import event_targets, key_file, opened_node

_PREFIX = "SIXFOLD_"
_OURS = frozenset({VARIABLE, "SIXFOLD_NODE"})


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong`: what keeps it from working, "" where nothing does."""

    about: str
    found: str
    wrong: str = ""


def unknown_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that look like ours and that nobody reads: a slip of the pen would change nothing, and
    nobody would know.
    """
    fields = [_PREFIX + name.upper() for name in Settings.model_fields]
    known = {*fields, *(name + SUFFIX for name in fields), *_OURS}
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"; is {close[0]} meant?" if close else ""
            yield Finding(name, "", f"there is no such setting{meant}")


def at_rest(settings: Settings) -> Iterator[Finding]:
    """One for each part of the settings that is used."""
    looks: list[tuple[str, Callable[[Settings], str]]] = [
        ("data", _data),
        ("access_key", _root_key),
        ("database", _database_url),
        ("nodes", _nodes),
        ("key_file", _key_file),
        ("access_log", _access_log),
        ("traces", _traces),
    ]
    if settings.tls_cert is not None:
        looks.append(("tls_cert", _certificate))
    if settings.event_targets:
        looks.append(("event_targets", _targets))
    for about, see in looks:
        try:
            yield Finding(about, see(settings))
        except (SettingsError, KeyFileError, ValueError, OSError) as why:
            yield Finding(about, "", str(why))


async def connecting(settings: Settings) -> AsyncIterator[Finding]:
    """The database; each node, registered or to be; the key service, if one is used."""
    registered: tuple[str, ...] = ()
    try:
        seen = await asyncio.to_thread(look, settings.database_url)
        registered = seen.nodes
        yield Finding("database", f"{seen.server}, {_tables(seen)}")
    except MetadataError as why:
        yield Finding("database", "", str(why))
    except ValueError:
        pass  # no URL: said already
    addresses = dict.fromkeys([*registered, *_to_register(settings, registered)])
    if len(addresses) < MIN_NODES:
        yield Finding("nodes", "", f"{len(addresses)} are registered or given: {MIN_NODES} are needed")
    remote = [address for address in addresses if not is_local(address)]
    for finding in await asyncio.gather(*(_ask_node(settings, address) for address in remote)):
        yield finding
    if settings.kms_endpoint:
        yield await _ask_key_service(settings)


# --- at rest -----------------------------------------------------------------------------------


def _data(settings: Settings) -> str:
    _check_writable(settings.data)
    return str(settings.data)


def _root_key(settings: Settings) -> str:
    if settings.access_key is None and not credentials_path(settings).exists():
        return "the first start makes a pair"
    root, _ = root_key(settings)
    return root.access_key


def _database_url(settings: Settings) -> str:
    url = parse_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        _check_writable(Path(str(url.database)).parent)
    return url.render_as_string(hide_password=True)


def _nodes(settings: Settings) -> str:
    """Addresses that are none, and places of embedded nodes that cannot be written."""
    for address in settings.nodes:
        parts = urlsplit(address)
        if parts.scheme == "lmdb" and parts.path:
            _check_writable(settings.data / parts.path)
        else:
            asyncio.run(_open_and_close(settings, address))
        if parts.scheme == "memory" and settings.workers > 1:
            raise SettingsError(f"{address} is of one process, and there are {settings.workers} workers")
    if settings.node_ca is not None:
        asyncio.run(_open_and_close(settings, "https://localhost"))
    return f"{len(settings.nodes)} given" if "nodes" in settings.model_fields_set else "the embedded ones"


def _key_file(settings: Settings) -> str:
    path = settings.key_file_path
    if not path.exists():
        _check_writable(path.parent)
        return f"{path}, made at first use"
    return f"{path}, {len(key_file(settings).all())} keys"


def _access_log(settings: Settings) -> str:
    if settings.access_log_path is None:
        return "standard output"
    if settings.access_log_path.exists():
        check_access_log(settings)
    else:
        _check_writable(settings.access_log_path.parent)
    return str(settings.access_log_path)


def _traces(_: Settings) -> str:
    return "sent" if traces_enabled(os.environ) else "off"


def _certificate(settings: Settings) -> str:
    check_tls(settings)
    assert settings.tls_cert is not None
    ends = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes()).not_valid_after_utc
    if ends.timestamp() < time.time():
        raise SettingsError(f"the certificate {settings.tls_cert} ended on {ends:%Y-%m-%d}")
    return f"{settings.tls_cert}, until {ends:%Y-%m-%d}"


def _targets(settings: Settings) -> str:
    event_targets(settings)
    return ", ".join(settings.event_targets)


def _check_writable(directory: Path) -> None:
    """Whether files can be made in a directory, which may have to be made itself. Raises SettingsError."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir():
        raise SettingsError(f"{there} is no directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SettingsError(f"{there} cannot be written")


# --- connecting --------------------------------------------------------------------------------


def _tables(seen: Look) -> str:
    if not seen.tables:
        return "no tables yet: the first start makes them"
    return (
        "its tables are of this version" if seen.tables == "current" else "the next start migrates its tables"
    )


def _to_register(settings: Settings, registered: tuple[str, ...]) -> tuple[str, ...]:
    return settings.nodes if "nodes" in settings.model_fields_set or not registered else ()


async def _ask_node(settings: Settings, address: str) -> Finding:
    about = f"node {without_password(address)}"
    try:
        await _open_and_close(settings, address, ask=True)
    except (NodeError, OSError, ValueError) as why:
        return Finding(about, "", str(why))
    return Finding(about, "answers")


async def _open_and_close(settings: Settings, address: str, *, ask: bool = False) -> None:
    async with opened_node(settings, address) as node:
        if ask:
            await node.ping()


async def _ask_key_service(settings: Settings) -> Finding:
    """Any answer will do."""
    endpoint = str(settings.kms_endpoint)
    try:
        async with httpx.AsyncClient(timeout=settings.kms_timeout_s) as http:
            await http.get(endpoint)
    except (httpx.HTTPError, httpx.InvalidURL) as why:
        return Finding("kms_endpoint", "", f"{endpoint} does not answer: {type(why).__name__}")
    return Finding("kms_endpoint", f"{endpoint} answers")
