"""Statements: SQLAlchemy Core, compiled once to SQL text for each dialect, executed by the raw drivers.

A `Statement` called with named parameters returns a `Call`, which a transaction yields and a runner executes.
SQLAlchemy costs 30 us an execution, the drivers 3 to 6. A statement is compiled at its first use: compiling
all of them costs 0.3 s, and a command of the CLI uses five.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from enum import Enum
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

# asyncpg's dialect for its numbered parameters and their casts ($1::BIGINT); the driver is psycopg's raw
# cursor.
DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

OnCommit = Callable[[Sequence[Any], float], None]
"""Called after each commit with the writes of its batch (each has its `future`) and its duration in
seconds."""


def unseen(batch: Sequence[Any], seconds: float) -> None:
    """Ignore a commit."""


class Fetch(Enum):
    """What a transaction gets for a call: the first row or None, all rows, or the number of rows changed."""

    ONE = 1
    ALL = 2
    COUNT = 3


class Text(NamedTuple):
    """A statement in one dialect: its SQL, and a function that orders named parameters as in the SQL."""

    sql: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Call(NamedTuple):
    """A statement with its named parameters. `many`: run it once for each of a list of parameters.

    The result for `many` is a list of rows or None (ONE), or None (COUNT).
    """

    statement: Statement
    parameters: Any
    many: bool = False


class _Long:
    """The type of LONG."""


# Yielded, before its first write, by a transaction that turns out to be too long for the event loop's thread.
LONG = _Long()

# Yields calls (or LONG), receives their results, returns its own.
Transaction = Generator[Any, Any, T]


def repeatable(make: F) -> F:
    """Mark a transaction that may run again after a commit of unknown outcome (the connection was lost).

    Running it twice must have the effect of running it once, also where others wrote in between: it finds its
    own rows, or it only adds, removes or touches rows by their ids.
    """
    make.repeatable = True  # type: ignore[attr-defined]
    return make


def is_repeatable(make: Callable[..., Any]) -> bool:
    """Whether a transaction function is marked as `repeatable`."""
    return getattr(make, "repeatable", False)


class Retry(Exception):
    """Another writer was faster: the transaction must run again from its start. Never leaves the package."""


class Statement:
    """One statement in both dialects. `writes`: whether it may change rows; `postgresql`: an equivalent that
    PostgreSQL's planner handles better; `kinds`: the Python types of its parameters on PostgreSQL.
    """

    __slots__ = ("_constants", "_cores", "fetch", "kinds", "name", "postgresql", "sqlite", "writes")

    _constants: dict[str, Any]
    kinds: tuple[type, ...]
    postgresql: Text
    sqlite: Text

    def __init__(
        self, core: ClauseElement, fetch: Fetch, *, writes: bool, postgresql: ClauseElement | None = None
    ) -> None:
        self.fetch, self.writes, self.name = fetch, writes, ""
        self._cores = {"sqlite": core, "postgresql": core if postgresql is None else postgresql}

    def __getattr__(self, name: str) -> Any:
        """Compile the statement when a slot that compiling fills is read for the first time."""
        if name not in ("_constants", "kinds", "postgresql", "sqlite"):
            raise AttributeError(name)
        self._compile()
        return getattr(self, name)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__name__}.{name}"

    def __repr__(self) -> str:
        return f"<Statement {self.name}>"

    def __call__(self, **parameters: Any) -> Call:
        if self._constants:
            parameters |= self._constants
        return Call(self, parameters)

    def each(self, parameters: Iterable[Mapping[str, Any]]) -> Call:
        """Call the statement once for each of these sets of parameters."""
        return Call(self, [{**given, **self._constants} for given in parameters], many=True)

    def _compile(self) -> None:
        """Fill the slots that depend on the SQL. Two threads may do it at once: the outcome is the same."""
        constants: dict[str, Any] = {}
        texts: dict[str, Text] = {}
        for dialect, core in self._cores.items():
            compiled = core.compile(dialect=DIALECTS[dialect])
            if not isinstance(compiled, SQLCompiler):
                raise TypeError(f"{core!r} is no statement")
            names = tuple(compiled.positiontup or ())
            for name, bind in compiled.binds.items():
                if not bind.required and name in names:
                    constants[name] = bind.value
            texts[dialect] = Text(str(compiled), _picker(names))
            if dialect == "postgresql":
                self.kinds = tuple(compiled.binds[name].type.python_type for name in names)
        self.sqlite, self.postgresql, self._constants = texts["sqlite"], texts["postgresql"], constants


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Make a function that returns named parameters as a tuple in order."""
    if not names:
        return lambda parameters: ()
    if len(names) == 1:
        return lambda parameters, name=names[0]: (parameters[name],)  # type: ignore[misc]
    return itemgetter(*names)


def one(core: ClauseElement, *, writes: bool = False) -> Statement:
    """Make a statement that returns its first row, or None."""
    return Statement(core, Fetch.ONE, writes=writes)


def rows(core: ClauseElement, *, writes: bool = False, postgresql: ClauseElement | None = None) -> Statement:
    """Make a statement that returns all rows."""
    return Statement(core, Fetch.ALL, writes=writes, postgresql=postgresql)


def change(core: ClauseElement) -> Statement:
    """Make a write that returns the number of changed rows."""
    return Statement(core, Fetch.COUNT, writes=True)
