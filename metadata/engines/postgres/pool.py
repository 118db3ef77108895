"""The PostgreSQL connections of one process: exclusive ones for transactions, shared ones for reads."""

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
    """A pool of connections. Opens new ones, waiting for a server that is down, and keeps idle ones."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url, self._name = url, name
        self._idle: list[Link] = []
        self._closing = False

    async def take(self) -> Link:
        """Take a connection for exclusive use, until `give`. Raises psycopg.OperationalError after WAIT_S."""
        while self._idle:
            link = self._idle.pop()
            if link.lost is None:
                return link
            await link.close()
        return await self._connect()

    def give(self, link: Link) -> None:
        """Return a connection to the pool."""
        self._idle.append(link)

    def closing(self) -> None:
        """Stop waiting for a server that is down."""
        self._closing = True

    async def close(self) -> None:
        for link in self._idle:
            await link.close()

    async def _connect(self) -> Link:
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
    """Read connections, shared and pipelined: each carries many reads at once.

    Reads of single rows share one connection; those of a turn of the event loop are sent together. Reads of
    many rows use SCANS others, so that single rows do not wait behind them.
    """

    def __init__(self, links: Links) -> None:
        self._points = _Shared(links)
        self._scans = [_Shared(links) for _ in range(SCANS)]

    def run(self, commands: Sequence[Command]) -> Future[list[Any]]:
        """Run commands as `Link.run` does; errors are results."""
        if len(commands) == 1 and commands[0].fetch is Fetch.ONE:
            return self._points.run(commands)
        return min(self._scans, key=_under_way).run(commands)

    async def close(self) -> None:
        for shared in (self._points, *self._scans):
            await shared.close()


class _Shared:
    """One shared connection, opened at its first use and again after it was lost."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._link: Link | None = None
        self._queued: list[tuple[Sequence[Command], Future[list[Any]]]] = []
        self._making: asyncio.Task[None] | None = None
        self._scheduled = False
        self._unfinished: set[Future[list[Any]]] = set()

    @property
    def under_way(self) -> int:
        return len(self._unfinished)

    def run(self, commands: Sequence[Command]) -> Future[list[Any]]:
        loop = asyncio.get_running_loop()
        done: Future[list[Any]] = loop.create_future()
        self._queued.append((commands, done))
        self._unfinished.add(done)
        done.add_done_callback(self._unfinished.discard)
        if not self._scheduled and self._making is None:
            self._scheduled = True
            loop.call_soon(self._flush)
        return done

    async def close(self) -> None:
        """Finish all requested reads, then close the connection."""
        while self._unfinished:
            await asyncio.wait(self._unfinished)
        if self._making is not None:
            await asyncio.wait([self._making])
        if self._link is not None:
            await self._link.close()

    def _flush(self) -> None:
        self._scheduled = False
        link = self._link
        if link is None or link.lost is not None:
            self._making = asyncio.ensure_future(self._reconnect())
            return
        queued, self._queued = self._queued, []
        wave = link.run([command for commands, _ in queued for command in commands])
        wave.add_done_callback(_Distributor(queued, self._run_again))

    def _run_again(self, commands: Sequence[Command], done: Future[list[Any]]) -> None:
        """Run commands in a wave of their own: another command of their wave had failed."""
        link = self._link
        if link is None or link.lost is not None:
            self._queued.append((commands, done))
            self._flush()
        else:
            link.run(commands).add_done_callback(_Distributor([(commands, done)], None))

    async def _reconnect(self) -> None:
        old, self._link = self._link, None
        try:
            if old is not None:
                await old.close()
            self._link = await self._links.take()
        except psycopg.Error as why:
            queued, self._queued = self._queued, []
            for _, done in queued:
                if not done.done():
                    done.set_exception(why)
            return
        finally:
            self._making = None
        self._flush()


class _Distributor:
    """Passes the results of a wave to its readers. `again` is called for commands that were skipped."""

    def __init__(
        self,
        queued: Sequence[tuple[Sequence[Command], Future[list[Any]]]],
        again: Callable[[Sequence[Command], Future[list[Any]]], None] | None,
    ) -> None:
        self._queued, self._run_again = queued, again

    def __call__(self, wave: Future[list[Any]]) -> None:
        why = wave.exception()
        results = [] if why is not None else wave.result()
        at = 0
        for commands, done in self._queued:
            mine = results[at : at + len(commands)]
            at += len(commands)
            if done.done():
                continue
            if why is not None:
                done.set_exception(why)
            elif mine and isinstance(mine[0], Skipped) and self._run_again is not None:
                self._run_again(commands, done)
            else:
                done.set_result(mine)


def _under_way(shared: _Shared) -> int:
    return shared.under_way
