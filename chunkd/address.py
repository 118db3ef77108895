"""Addresses of nodes, and the table of node kinds by scheme (`KINDS`).

    lmdb:///abs/path#name, lmdb:rel/path#name   LMDB files in this process; #name is a named database of the
                                                environment at that path
    redis://[user:password@]host:port/db        a Redis, Valkey or Kvrocks database; rediss:// with TLS
    http://host:port, https://host:port         a chunkd server
    memory://name[?capacity=BYTES]              a dict

Opening a remote node does not connect; its first request does.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from chunkd.memory import MemoryNode
from chunkd.node import Node

DEFAULT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Opening:
    """Options for opening a node that are not part of its address."""

    base: Path
    token: str | None
    timeout_s: float
    exclusive: bool
    ca: Path | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node, by the scheme of its addresses.

    `local`: it lies in this process or on its disk, so that opening it needs no network. `stores`: it keeps
    chunks itself, so that a chunkd server can serve it.
    """

    open: Callable[[str, Opening], Awaitable[Node]]
    local: bool = False
    stores: bool = True


async def open_node(
    address: str,
    *,
    base: Path,
    token: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    exclusive: bool = False,
    ca: Path | None = None,
) -> Node:
    """Open the node at `address`.

    `base`: the directory of relative lmdb paths. `token`: for chunkd servers. `exclusive`: lock other
    processes out of an lmdb environment, which makes it faster. `ca`: a PEM file of authorities to trust for
    https and rediss, beside the system's.

    A remote node that does not answer is opened all the same, and raises NodeDown until it answers. Raises
    ValueError if the address is invalid, NodeDown if an LMDB path cannot be opened.
    """
    return await kind_of(address).open(address, Opening(base, token, timeout_s, exclusive, ca))


def kind_of(address: str) -> Kind:
    """The kind of node that an address names. Raises ValueError for an unknown scheme."""
    scheme = urlsplit(address).scheme
    kind = KINDS.get(scheme)
    if kind is None:
        raise ValueError(f"unknown node scheme {scheme or address!r}; use {', '.join(sorted(KINDS))}")
    return kind


def is_local(address: str) -> bool:
    """Whether the node lies in the opening process or on its disk; False for an unknown scheme."""
    kind = KINDS.get(urlsplit(address).scheme)
    return kind is not None and kind.local


async def _memory(address: str, how: Opening) -> Node:
    capacity = parse_qs(urlsplit(address).query).get("capacity")
    return MemoryNode(address, capacity_bytes=int(capacity[0]) if capacity else None)


async def _lmdb(address: str, how: Opening) -> Node:
    from chunkd.lmdb import LmdbNode

    parts = urlsplit(address)
    if parts.netloc or not parts.path:
        raise ValueError(f"{address!r}: write lmdb:///absolute/path#name or lmdb:relative/path#name")
    path, name = how.base / unquote(parts.path), unquote(parts.fragment) or "chunks"
    return await LmdbNode.open(address, path, name, exclusive=how.exclusive)


async def _redis(address: str, how: Opening) -> Node:
    from chunkd.redis import RedisNode

    return RedisNode(address, timeout_s=how.timeout_s, tls=tls_for(address, how.ca))


async def _http(address: str, how: Opening) -> Node:
    from chunkd.http import HttpNode

    return HttpNode(address, token=how.token, timeout_s=how.timeout_s, tls=tls_for(address, how.ca))


def tls_for(address: str, ca: Path | None) -> ssl.SSLContext | None:
    """The TLS context for an https or rediss address, else None. Raises ValueError if `ca` cannot be read."""
    if urlsplit(address).scheme not in ("https", "rediss"):
        return None
    context = ssl.create_default_context()
    if ca is not None:
        try:
            context.load_verify_locations(cafile=ca)
        except OSError as why:  # which ssl.SSLError is
            raise ValueError(f"the authorities in {ca} cannot be used: {why.strerror or why}") from None
    return context


KINDS: dict[str, Kind] = {
    "memory": Kind(_memory, local=True),
    "lmdb": Kind(_lmdb, local=True),
    "redis": Kind(_redis),
    "rediss": Kind(_redis),
    "http": Kind(_http, stores=False),
    "https": Kind(_http, stores=False),
}
