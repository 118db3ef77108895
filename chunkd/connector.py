"""A server by its name: connections to it, and where it is.

A resolver may take many seconds (its server restarts, a packet is lost), and all that time a node answers
well on the connections that it has. So while one of these is open its address is the node's, and new ones go
there without a look at the name; once none is open, the name is looked up again, for containers change their
addresses. A look-up is made once for all who wait for it, in a thread of its own: those of the event loop's
pool have other work, and a process that ends waits for them.
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
    """`tls`: by what connections are encrypted and the server's certificate is verified."""

    def __init__(self, name: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._name, self._port, self._tls = name, port, tls
        self._open: list[tuple[str, BaseTransport]] = []
        self._looking: Future[list[str]] | None = None

    async def connect(self, make: Callable[[], P]) -> P:
        """A protocol that is connected. Raises OSError: of ssl too, and for an unknown name."""
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
        if self._looking is None or self._looking.done():
            loop = asyncio.get_running_loop()
            self._looking = loop.create_future()
            threading.Thread(target=self._look, args=(loop, self._looking), daemon=True).start()
        return await asyncio.shield(self._looking)

    def _look(self, loop: AbstractEventLoop, found: Future[list[str]]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            try:
                infos = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as why:  # UnicodeError: a label of more than 63 characters
                loop.call_soon_threadsafe(fail, found, OSError(f"{self._name}: {why}"))
            else:
                loop.call_soon_threadsafe(succeed, found, list(dict.fromkeys(str(i[4][0]) for i in infos)))
