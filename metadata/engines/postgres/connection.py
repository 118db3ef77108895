"""A connection to PostgreSQL by libpq in pipeline mode: several commands are sent in one write.

psycopg opens the connection, binds libpq and converts results to Python values. Its cursors are not used: an
execution through them costs 70 us of the event loop, one in a wave of sixteen here 4. Parameters are sent in
binary with the types that the statement declares, so that each statement is prepared once, whatever its
values.
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
"""libpq parameters that bound the wait for a server that vanished without closing the connection."""


def _text(value: str) -> bytes:
    """Encode text. Raises psycopg.DataError for NUL, at which libpq would cut the text off."""
    encoded = value.encode()
    if b"\0" in encoded:
        raise psycopg.DataError("PostgreSQL's text cannot contain NUL")
    return encoded


_LONG = struct.Struct(">q").pack
_DOUBLE = struct.Struct(">d").pack
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_Status = pq.ExecStatus

# By the Python type of a parameter: PostgreSQL's type (0: inferred by the server), format, encoder.
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
"""Types, formats and encoders of all parameters of a statement, by their Python types."""


class Command(NamedTuple):
    """A statement with the types and the encoded values of its parameters, in the order of its SQL."""

    sql: str
    fetch: Fetch
    kinds: tuple[type, ...] = ()
    values: tuple[bytes | None, ...] = ()

    @classmethod
    def of(cls, sql: str, fetch: Fetch, kinds: tuple[type, ...], parameters: tuple[Any, ...]) -> Command:
        """Encode the parameters. Raises psycopg.DataError for what PostgreSQL cannot hold, before any command
        of the wave is sent.
        """
        _, _, encoders = _TYPED.get(kinds) or _look_up_types(kinds)
        try:
            values = [
                None if value is None else encode(value)
                for encode, value in zip(encoders, parameters, strict=True)
            ]
        except (UnicodeEncodeError, struct.error) as why:
            raise psycopg.DataError(str(why)) from why
        return cls(sql, fetch, kinds, tuple(values))


class Skipped(psycopg.Error):
    """The statement was not run: one before it in its wave failed."""


class _Wave:
    """Commands that were sent together. `left`: those without a result yet; `Fetch` is None for a PREPARE."""

    __slots__ = ("done", "left", "results", "unprepared")

    def __init__(self, done: Future[list[Any]]) -> None:
        self.done = done
        self.unprepared: psycopg.Error | None = None
        self.left: deque[tuple[str, Fetch | None]] = deque()
        self.results: list[Any] = []


class Link:
    """One connection. `lost`: the error that broke it. All methods belong to one event loop."""

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
        """Connect. `name` becomes the application_name. Raises psycopg.Error."""
        given = psycopg.conninfo.conninfo_to_dict(url)
        options = {"client_encoding": "utf8", "application_name": name, **PATIENCE, **given}
        return cls(await AsyncConnection.connect(**options, autocommit=True))

    @property
    def under_way(self) -> int:
        return len(self._waves)

    def run(self, commands: Sequence[Command]) -> Future[list[Any]]:
        """Run commands in order in one round trip.

        Results are what each `fetch` asks for, or a psycopg.Error; all commands after an error are `Skipped`.
        Raises psycopg.OperationalError if the connection is lost meanwhile.
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
        oids, formats, _ = _TYPED.get(kinds) or _look_up_types(kinds)
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
        """Send what libpq has buffered; the rest when the socket becomes writable."""
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
                    self._handle_result(result)
                elif pgconn.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the connection broke")
        except psycopg.OperationalError as why:
            self._lose(why)

    def _handle_result(self, result: pq.abc.PGresult) -> None:
        wave = self._waves[0]
        if result.status == _Status.PIPELINE_SYNC:
            self._waves.popleft()
            if not wave.done.done():
                wave.done.set_result(wave.results)
            return
        sql, fetch = wave.left.popleft()
        failed = result.status in (_Status.FATAL_ERROR, _Status.PIPELINE_ABORTED)
        if fetch is not None:
            wave.results.append((wave.unprepared or _error(result)) if failed else self._load(result, fetch))
            wave.unprepared = None
        elif failed:
            wave.unprepared = _error(result)
            self._names.pop(sql, None)

    def _load(self, result: pq.abc.PGresult, fetch: Fetch) -> Any:
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
                wave.done.exception()  # retrieved: the caller may have been cancelled
        self._pgconn.finish()


def _look_up_types(kinds: tuple[type, ...]) -> _Typed:
    each = [_KINDS[kind] for kind in kinds]
    known = _TYPED[kinds] = ([k[0] for k in each], [k[1] for k in each], [k[2] for k in each])
    return known


def _error(result: pq.abc.PGresult) -> psycopg.Error:
    if result.status == _Status.PIPELINE_ABORTED:
        return Skipped("not run")
    return errors.error_from_result(result, encoding="utf-8")
