"""Connect to a server by its host name, with few DNS look-ups.

A resolver may take many seconds (its server restarts, a packet is lost) while the node itself answers well.
So while a connection is open, new ones go to its address without a look-up. When none is open, the name is
looked up again, as containers change their addresses. Concurrent connects share one look-up, in a thread of
its own: the threads of the event loop's pool have other work, and a process that ends waits for them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from asyncio import AbstractEventLoop, BaseTransport, Future, Protocol
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from chunkd.futures import fail, succeed

P = TypeVar("P", bound=Protocol)


class Host:
    """A server to connect to. `tls`: the context for encryption and certificate verification."""

    def __init__(self, name: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._name, self._port, self._tls = name, port, tls
        self._open: list[tuple[str, BaseTransport]] = []
        self._lookup: Future[list[str]] | None = None

    async def connect(self, make: Callable[[], P]) -> P:
        """Connect and return the protocol that `make` made.

        Raises OSError, also for TLS and for an unknown name.
        """
        self._open = [(address, each) for address, each in self._open if not each.is_closing()]
        if self._open:
            with suppress(OSError):
                return await self._connect(self._open[-1][0], make)
        *others, last = await self._addresses()
        for address in others:
            with suppress(OSError):
                return await self._connect(address, make)
        return await self._connect(last, make)

    async def _connect(self, address: str, make: Callable[[], P]) -> P:
        transport, protocol = await asyncio.get_running_loop().create_connection(
            make, address, self._port, ssl=self._tls, server_hostname=self._name if self._tls else None
        )
        self._open.append((address, transport))
        return protocol

    async def _addresses(self) -> list[str]:
        if self._lookup is None or self._lookup.done():
            loop = asyncio.get_running_loop()
            self._lookup = loop.create_future()
            threading.Thread(target=self._resolve, args=(loop, self._lookup), daemon=True).start()
        return await asyncio.shield(self._lookup)

    def _resolve(self, loop: AbstractEventLoop, found: Future[list[str]]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            try:
                infos = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as why:  # UnicodeError: a label of more than 63 characters
                loop.call_soon_threadsafe(fail, found, OSError(f"{self._name}: {why}"))
            else:
                loop.call_soon_threadsafe(succeed, found, list(dict.fromkeys(str(i[4][0]) for i in infos)))
