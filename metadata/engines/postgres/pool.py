"""The connections to PostgreSQL of one process: those that transactions take for themselves, and those that
reads share.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from metadata.engines.postgres.connection import Command, Link, Skipped
from metadata.queries.statements import Fetch

log = logging.getLogger("sixfold.metadata")
WAIT_S = 15.0
RETRY_S = 0.1
SCANS = 6


class Links:
    """Makes connections, waiting for a server that is away, and keeps those that nobody uses."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url, self._name = url, name
        self._idle: list[Link] = []
        self._closing = False

    async def take(self) -> Link:
        """One for the caller alone, until it gives it back. Raises psycopg.OperationalError after WAIT_S."""
        while self._idle:
            link = self._idle.pop()
            if link.lost is None:
                return link
            await link.close()
        return await self._made()

    def give(self, link: Link) -> None:
        self._idle.append(link)

    def closing(self) -> None:
        """No longer wait for a server that is away."""
        self._closing = True

    async def close(self) -> None:
        for link in self._idle:
            await link.close()

    async def _made(self) -> Link:
        loop = asyncio.get_running_loop()
        until_s, pause_s = loop.time() + WAIT_S, RETRY_S
        while True:
            try:
                return await Link.open(self._url, name=self._name)
            except psycopg.OperationalError:
                if self._closing or loop.time() + pause_s > until_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(1.0, pause_s * 2)


class Readers:
    """Connections for reads, which nobody takes for himself: each carries many at once.

    Reads of single rows go through one, those of a turn of the event loop together. What brings many rows has
    others, so that nobody waits behind it.
    """

    def __init__(self, links: Links) -> None:
        self._points = _Shared(links)
        self._scans = [_Shared(links) for _ in range(SCANS)]

    def run(self, commands: Sequence[Command]) -> Future[list[Any]]:
        """What they bring, as `Link.run`; errors are results."""
        if len(commands) == 1 and commands[0].fetch is Fetch.ONE:
            return self._points.ask(commands)
        return min(self._scans, key=_under_way).ask(commands)

    async def close(self) -> None:
        for shared in (self._points, *self._scans):
            await shared.close()


class _Shared:
    """One connection, made when it is first needed and again when it was lost."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._link: Link | None = None
        self._asked: list[tuple[Sequence[Command], Future[list[Any]]]] = []
        self._making: asyncio.Task[None] | None = None
        self._scheduled = False
        self._asks: set[Future[list[Any]]] = set()

    @property
    def under_way(self) -> int:
        return len(self._asks)

    def ask(self, commands: Sequence[Command]) -> Future[list[Any]]:
        loop = asyncio.get_running_loop()
        done: Future[list[Any]] = loop.create_future()
        self._asked.append((commands, done))
        self._asks.add(done)
        done.add_done_callback(self._asks.discard)
        if not self._scheduled and self._making is None:
            self._scheduled = True
            loop.call_soon(self._flush)
        return done

    async def close(self) -> None:
        """Finish what was asked for."""
        while self._asks:
            await asyncio.wait(self._asks)
        if self._making is not None:
            await asyncio.wait([self._making])
        if self._link is not None:
            await self._link.close()

    def _flush(self) -> None:
        self._scheduled = False
        link = self._link
        if link is None or link.lost is not None:
            self._making = asyncio.ensure_future(self._make())
            return
        asked, self._asked = self._asked, []
        wave = link.run([command for commands, _ in asked for command in commands])
        wave.add_done_callback(_Answering(asked, self._again))

    def _again(self, commands: Sequence[Command], done: Future[list[Any]]) -> None:
        """By itself: something else in its wave had failed."""
        link = self._link
        if link is None or link.lost is not None:
            self._asked.append((commands, done))
            self._flush()
        else:
            link.run(commands).add_done_callback(_Answering([(commands, done)], None))

    async def _make(self) -> None:
        old, self._link = self._link, None
        try:
            if old is not None:
                await old.close()
            self._link = await self._links.take()
        except psycopg.Error as why:
            asked, self._asked = self._asked, []
            for _, done in asked:
                if not done.done():
                    done.set_exception(why)
            return
        finally:
            self._making = None
        self._flush()


class _Answering:
    """Hands what a wave brought to those who asked. `again`: for what was not run."""

    def __init__(
        self,
        asked: Sequence[tuple[Sequence[Command], Future[list[Any]]]],
        again: Callable[[Sequence[Command], Future[list[Any]]], None] | None,
    ) -> None:
        self._asked, self._again = asked, again

    def __call__(self, wave: Future[list[Any]]) -> None:
        why = wave.exception()
        results = [] if why is not None else wave.result()
        at = 0
        for commands, done in self._asked:
            mine = results[at : at + len(commands)]
            at += len(commands)
            if done.done():
                continue
            if why is not None:
                done.set_exception(why)
            elif mine and isinstance(mine[0], Skipped) and self._again is not None:
                self._again(commands, done)
            else:
                done.set_result(mine)


def _under_way(shared: _Shared) -> int:
    return shared.under_way
