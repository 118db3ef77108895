"""A connection to PostgreSQL by libpq in pipeline mode: what is asked for at once leaves in one write.

psycopg connects, and has the bindings of libpq and what turns results into Python's values. Its cursors are
left out: an execution through them costs 70 us of the event loop, one in a wave of sixteen here 4. Parameters
go in binary, by the types that the statement's own parameters have, so that each statement is prepared once,
whatever its values are.
"""

from __future__ import annotations

import asyncio
import struct
from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import psycopg
from psycopg import AsyncConnection, errors, pq
from psycopg.adapt import Transformer

from metadata.queries.statements import Fetch

PREPARED = 500
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""libpq's parameters that bound how long a server that went without a word is waited for."""


def _text(value: str) -> bytes:
    """libpq takes text as far as its first NUL: one that has any must not be sent."""
    encoded = value.encode()
    if b"\0" in encoded:
        raise psycopg.DataError("PostgreSQL's text cannot contain NUL")
    return encoded


_LONG = struct.Struct(">q").pack
_DOUBLE = struct.Struct(">d").pack
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_Status = pq.ExecStatus

# By the Python type of a parameter: PostgreSQL's (0: what the statement makes of it), format, encoder.
_KINDS: dict[type, tuple[int, pq.Format, Callable[[Any], bytes]]] = {
    int: (20, _BINARY, _LONG),
    str: (0, _TEXT, _text),
    bytes: (17, _BINARY, bytes),
    float: (701, _BINARY, _DOUBLE),
    bool: (16, _BINARY, lambda value: b"\1" if value else b"\0"),
    object: (
        0,
        _TEXT,
        lambda value: rb"\x" + value.hex().encode() if type(value) is bytes else _text(str(value)),
    ),
}
_Typed = tuple[list[int], list[pq.Format], list[Callable[[Any], bytes]]]
_TYPED: dict[tuple[type, ...], _Typed] = {}
"""The same for the parameters of a statement."""


class Command(NamedTuple):
    """A statement with the types of its parameters and these, as they are sent, in the order of its SQL."""

    sql: str
    fetch: Fetch
    kinds: tuple[type, ...] = ()
    values: tuple[bytes | None, ...] = ()

    @classmethod
    def of(cls, sql: str, fetch: Fetch, kinds: tuple[type, ...], parameters: tuple[Any, ...]) -> Command:
        """Raises psycopg.DataError for what PostgreSQL cannot hold, while nobody else's has been sent yet."""
        _, _, encoders = _TYPED.get(kinds) or _typed(kinds)
        try:
            values = [
                None if value is None else encode(value)
                for encode, value in zip(encoders, parameters, strict=True)
            ]
        except (UnicodeEncodeError, struct.error) as why:
            raise psycopg.DataError(str(why)) from why
        return cls(sql, fetch, kinds, tuple(values))


class Skipped(psycopg.Error):
    """A statement before it in its wave failed, so that this one was not run."""


class _Wave:
    """Commands under way; `left`: what of them libpq has not answered, None for the preparation of one."""

    __slots__ = ("done", "left", "results", "unprepared")

    def __init__(self, done: Future[list[Any]]) -> None:
        self.done = done
        self.unprepared: psycopg.Error | None = None
        self.left: deque[tuple[str, Fetch | None]] = deque()
        self.results: list[Any] = []


class Link:
    """One connection. `lost`: why it is of no more use. All methods belong to one event loop."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection, self._pgconn = connection, connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._transformer = Transformer.from_context(connection)
        self._names: dict[str, bytes] = {}
        self._named = 0
        self._waves: deque[_Wave] = deque()
        self._writing = False
        self.lost: psycopg.OperationalError | None = None
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._socket = self._pgconn.socket
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def open(cls, url: str, *, name: str) -> Self:
        """`name` is what the server knows this program by. Raises psycopg.Error."""
        given = psycopg.conninfo.conninfo_to_dict(url)
        told = {"client_encoding": "utf8", "application_name": name, **PATIENCE, **given}
        return cls(await AsyncConnection.connect(**told, autocommit=True))

    @property
    def under_way(self) -> int:
        return len(self._waves)

    def run(self, commands: Sequence[Command]) -> Future[list[Any]]:
        """Run them in order in one round trip; what each brought, as its `fetch` says, or its psycopg.Error,
        after which come `Skipped` alone.

        Raises psycopg.OperationalError where the connection went meanwhile.
        """
        wave = _Wave(self._loop.create_future())
        if self.lost is not None:
            wave.done.set_exception(self.lost)
            return wave.done
        self._waves.append(wave)
        try:
            for command in commands:
                self._send(wave, command)
            self._pgconn.pipeline_sync()
        except psycopg.OperationalError as why:
            self._lose(why)
        else:
            self._flush()
        return wave.done

    async def close(self) -> None:
        self._lose(psycopg.OperationalError("closed"))
        await self._connection.close()

    # --- out ----------------------------------------------------------------------------------

    def _send(self, wave: _Wave, command: Command) -> None:
        sql, fetch, kinds, values = command
        oids, formats, _ = _TYPED.get(kinds) or _typed(kinds)
        name = self._names.get(sql)
        if name is None and len(self._names) < PREPARED:
            self._named += 1
            name = self._names[sql] = b"s%d" % self._named
            self._pgconn.send_prepare(name, sql.encode(), oids)
            wave.left.append((sql, None))
        if name is None:
            self._pgconn.send_query_params(sql.encode(), values, oids, formats, _BINARY)
        else:
            self._pgconn.send_query_prepared(name, values, formats, _BINARY)
        wave.left.append((sql, fetch))

    def _flush(self) -> None:
        """Send what libpq has; what the socket does not take now goes when it does."""
        try:
            more = self._pgconn.flush() > 0
        except psycopg.OperationalError as why:
            self._lose(why)
            return
        if more != self._writing:
            self._writing = more
            if more:
                self._loop.add_writer(self._socket, self._flush)
            else:
                self._loop.remove_writer(self._socket)

    # --- in -----------------------------------------------------------------------------------

    def _readable(self) -> None:
        pgconn = self._pgconn
        try:
            pgconn.consume_input()
            while self._waves and not pgconn.is_busy():
                if (result := pgconn.get_result()) is not None:
                    self._received(result)
                elif pgconn.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the connection broke")
        except psycopg.OperationalError as why:
            self._lose(why)

    def _received(self, result: pq.abc.PGresult) -> None:
        wave = self._waves[0]
        if result.status == _Status.PIPELINE_SYNC:
            self._waves.popleft()
            if not wave.done.done():
                wave.done.set_result(wave.results)
            return
        sql, fetch = wave.left.popleft()
        failed = result.status in (_Status.FATAL_ERROR, _Status.PIPELINE_ABORTED)
        if fetch is not None:
            wave.results.append(
                (wave.unprepared or _error(result)) if failed else self._loaded(result, fetch)
            )
            wave.unprepared = None
        elif failed:
            wave.unprepared = _error(result)
            self._names.pop(sql, None)

    def _loaded(self, result: pq.abc.PGresult, fetch: Fetch) -> Any:
        if fetch is Fetch.COUNT:
            return result.command_tuples or 0
        if not (count := result.ntuples):
            return None if fetch is Fetch.ONE else []
        self._transformer.set_pgresult(result, format=_BINARY)
        if fetch is Fetch.ONE:
            return self._transformer.load_row(0, tuple)
        return self._transformer.load_rows(0, count, tuple)

    def _lose(self, why: psycopg.OperationalError) -> None:
        if self.lost is not None:
            return
        self.lost = why
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        waves, self._waves = self._waves, deque()
        for wave in waves:
            if not wave.done.done():
                wave.done.set_exception(why)
                wave.done.exception()  # who asked may have gone
        self._pgconn.finish()


def _typed(kinds: tuple[type, ...]) -> _Typed:
    each = [_KINDS[kind] for kind in kinds]
    known = _TYPED[kinds] = ([k[0] for k in each], [k[1] for k in each], [k[2] for k in each])
    return known


def _error(result: pq.abc.PGresult) -> psycopg.Error:
    if result.status == _Status.PIPELINE_ABORTED:
        return Skipped("not run")
    return errors.error_from_result(result, encoding="utf-8")
