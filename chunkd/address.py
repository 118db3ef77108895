"""Addresses of nodes: which implementation one means.

    lmdb:///abs/path#name, lmdb:rel/path#name   LMDB files in this process; #name is a named database of the
                                                environment at that path
    redis://[user:password@]host:port/db        a Redis, Valkey or Kvrocks database; rediss:// with TLS
    http://host:port, https://host:port         a chunkd server
    memory://name[?capacity=BYTES]              a dict

Nothing here connects: a remote node is reached when it is first asked for something.
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
    """How to open a node: what is not in its address."""

    base: Path
    token: str | None
    timeout_s: float
    exclusive: bool
    ca: Path | None


async def open_node(
    address: str,
    *,
    base: Path,
    token: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    exclusive: bool = False,
    ca: Path | None = None,
) -> Node:
    """The node at `address`. `base` is where a relative lmdb path begins; `token` is for chunkd servers;
    `exclusive` keeps other processes out of an lmdb environment, which makes it faster; `ca` is a PEM file of
    authorities to trust for https and rediss, beside the system's.

    A remote node that does not answer now opens all the same, and says NodeDown until it does. Raises
    ValueError for what is no address of a node, NodeDown for an LMDB path that cannot be opened.
    """
    scheme = urlsplit(address).scheme
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise ValueError(
            f"{scheme or address!r} is no kind of node: an address begins with {', '.join(sorted(_OPENERS))}"
        )
    return await opener(address, Opening(base, token, timeout_s, exclusive, ca))


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
    """For an address that wants it. Raises ValueError where the authorities cannot be read."""
    if urlsplit(address).scheme not in ("https", "rediss"):
        return None
    context = ssl.create_default_context()
    if ca is not None:
        try:
            context.load_verify_locations(cafile=ca)
        except OSError as why:  # which ssl.SSLError is
            raise ValueError(f"the authorities in {ca} cannot be used: {why.strerror or why}") from None
    return context


_OPENERS: dict[str, Callable[[str, Opening], Awaitable[Node]]] = {
    "memory": _memory,
    "lmdb": _lmdb,
    "redis": _redis,
    "rediss": _redis,
    "http": _http,
    "https": _http,
}
