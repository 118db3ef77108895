"""Patterns in policies: the wildcards `*` and `?`, and variables such as `${aws:username}`.

A pattern is split at its stars, so matching takes time linear in the value for each star, even for hostile
patterns: no regular expression here backtracks. The value of a variable is literal, stars included. `${*}`,
`${?}` and `${$}` stand for those characters.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

Lookup = Callable[[str], Sequence[str] | None]
"""A function that returns the values of a condition key in the request, or None."""


class Wild(Enum):
    MANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    default: str | None = None


Token = str | Wild | Variable
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_ESCAPED = ("*", "?", "$")


def tokens(text: str, *, variables: bool, wildcards: bool = True) -> tuple[Token, ...]:
    """Split `text` into tokens. `variables`: parse variables, as in policies of version 2012-10-17; in older
    ones `${` is literal."""
    out: list[Token] = []
    at = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        _append_literal(text[at : match.start()], out, wildcards=wildcards)
        name = match[1].strip()
        if name in _ESCAPED:
            out.append(name)
        else:
            out.append(_parse_variable(name))
        at = match.end()
    _append_literal(text[at:], out, wildcards=wildcards)
    return tuple(out)


def _parse_variable(text: str) -> Variable:
    """Parse the inside of `${...}`: `name`, or `name, 'default'`."""
    name, _, default = text.partition(",")
    default = default.strip()
    if len(default) > 1 and default[0] == default[-1] == "'":
        return Variable(normal_key(name.rstrip()), default[1:-1])
    return Variable(normal_key(text))


def normal_key(key: str) -> str:
    """Lower-case a condition key, except for the name of a tag after a slash."""
    name, slash, tag = key.partition("/")
    return name.lower() + slash + tag


def _append_literal(text: str, out: list[Token], *, wildcards: bool) -> None:
    if not wildcards:
        if text:
            out.append(text)
        return
    for piece in re.split(r"([*?])", text):
        if piece in ("*", "?"):
            out.append(Wild(piece))
        elif piece:
            out.append(piece)


class Pattern:
    """A pattern with wildcards and variables."""

    __slots__ = ("_fold", "_match", "_tokens", "text")

    def __init__(
        self, text: str, *, variables: bool = False, fold_case: bool = False, wildcards: bool = True
    ) -> None:
        self.text, self._fold = text, fold_case
        self._tokens = tokens(text, variables=variables, wildcards=wildcards)
        fixed = not any(isinstance(token, Variable) for token in self._tokens)
        self._match = glob(self._folded(self._tokens)) if fixed else None

    def matches(self, value: str, lookup: Lookup) -> bool:
        """Whether the pattern matches `value`. A variable without a value matches nothing."""
        if self._fold:
            value = value.lower()
        if self._match is not None:
            return self._match(value)
        parts = self.resolve(lookup)
        return parts is not None and glob(self._folded(parts))(value)

    def resolve(self, lookup: Lookup) -> tuple[Token, ...] | None:
        """Replace the variables by their values. None if a variable has neither a value nor a default."""
        out: list[Token] = []
        for token in self._tokens:
            if not isinstance(token, Variable):
                out.append(token)
                continue
            values = lookup(token.name)
            if values is not None and len(values) == 1:
                out.append(values[0])
            elif token.default is not None:
                out.append(token.default)
            else:
                return None
        return tuple(out)

    def _folded(self, parts: tuple[Token, ...]) -> tuple[Token, ...]:
        if not self._fold:
            return parts
        return tuple(part.lower() if isinstance(part, str) else part for part in parts)

    @property
    def is_fixed(self) -> bool:
        """Whether the pattern has no wildcards and no variables."""
        return all(isinstance(token, str) for token in self._tokens)


Match = Callable[[str], bool]


@lru_cache(maxsize=1024)
def glob(parts: tuple[Token, ...]) -> Match:
    """Compile tokens (none of them a Variable) to a function that matches a whole value."""
    runs: list[list[Token]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            runs.append([])
        else:
            runs[-1].append(part)
    if len(runs) == 1:
        return _match_exactly(runs[0])
    return _match_runs(runs)


def _match_exactly(run: list[Token]) -> Match:
    if all(isinstance(token, str) for token in run):
        return "".join(map(str, run)).__eq__
    expression = re.compile(_expression(run), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


def _match_runs(runs: list[list[Token]]) -> Match:
    """Match the head and the tail anchored, and each run between them at its first occurrence. That suffices,
    as a star matches anything."""
    head, *middle, tail = (re.compile(_expression(run), re.DOTALL) for run in runs)
    middle = [expression for expression in middle if expression.pattern]
    tail_length = sum(len(token) if isinstance(token, str) else 1 for token in runs[-1])

    def match(value: str) -> bool:
        if not (found := head.match(value)):
            return False
        at, end = found.end(), len(value) - tail_length
        if end < at or not tail.match(value, end):
            return False
        for expression in middle:
            if not (found := expression.search(value, at, end)):
                return False
            at = found.end()
        return True

    return match


def _expression(run: list[Token]) -> str:
    return "".join(re.escape(token) if isinstance(token, str) else "." for token in run)
