"""Texts of policies that stand for many: `*`, `?`, and variables such as `${aws:username}`.

A pattern is cut at its stars, so that matching takes time linear in the value for each of them, however a
pattern was made to hurt: no regular expression backtracks here. What a variable brings in is literal, stars
included, and `${*}`, `${?}`, `${$}` are those characters themselves.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

Lookup = Callable[[str], Sequence[str] | None]
"""The values of a condition key in this request, None where it has none."""


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
    """`text` in pieces. `variables`: as policies of version 2012-10-17 have them; older ones take `${` for
    itself."""
    out: list[Token] = []
    at = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        _literal(text[at : match.start()], out, wildcards=wildcards)
        name = match[1].strip()
        if name in _ESCAPED:
            out.append(name)
        else:
            out.append(_variable(name))
        at = match.end()
    _literal(text[at:], out, wildcards=wildcards)
    return tuple(out)


def _variable(text: str) -> Variable:
    """`name`, or `name, 'default'`."""
    name, _, default = text.partition(",")
    default = default.strip()
    if len(default) > 1 and default[0] == default[-1] == "'":
        return Variable(normal_key(name.rstrip()), default[1:-1])
    return Variable(normal_key(text))


def normal_key(key: str) -> str:
    """Condition keys are the same in any case, but for the name of a tag behind a slash."""
    name, slash, tag = key.partition("/")
    return name.lower() + slash + tag


def _literal(text: str, out: list[Token], *, wildcards: bool) -> None:
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
    """A text with wildcards and variables."""

    __slots__ = ("_fold", "_match", "_tokens", "text")

    def __init__(
        self, text: str, *, variables: bool = False, fold_case: bool = False, wildcards: bool = True
    ) -> None:
        self.text, self._fold = text, fold_case
        self._tokens = tokens(text, variables=variables, wildcards=wildcards)
        fixed = not any(isinstance(token, Variable) for token in self._tokens)
        self._match = glob(self._folded(self._tokens)) if fixed else None

    def matches(self, value: str, lookup: Lookup) -> bool:
        """Whether `value` is one of those meant. A variable without a value matches nothing."""
        if self._fold:
            value = value.lower()
        if self._match is not None:
            return self._match(value)
        resolved = self.resolved(lookup)
        return resolved is not None and glob(self._folded(resolved))(value)

    def resolved(self, lookup: Lookup) -> tuple[Token, ...] | None:
        """The tokens with the values of the variables in their places; None where one has none."""
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
        """Whether it means one text alone, whoever asks."""
        return all(isinstance(token, str) for token in self._tokens)


Match = Callable[[str], bool]
_Run = Callable[[str, int], int]  # where a run of the pattern ends, found from there on; -1


@lru_cache(maxsize=1024)
def glob(parts: tuple[Token, ...]) -> Match:
    """A function that says whether a whole value is matched by these tokens (none of them a Variable)."""
    runs: list[list[Token]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            runs.append([])
        else:
            runs[-1].append(part)
    if len(runs) == 1:
        return _whole(runs[0])
    return _starred(runs)


def _whole(run: list[Token]) -> Match:
    if all(isinstance(token, str) for token in run):
        return "".join(map(str, run)).__eq__
    expression = re.compile(_expression(run), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


def _starred(runs: list[list[Token]]) -> Match:
    """Anchored head, anchored tail, and between them each run as early as it comes: enough, since a star may
    be anything."""
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
