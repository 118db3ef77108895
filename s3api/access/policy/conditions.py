"""One line of a policy's Condition: an operator, a key, and the values that will do.

All lines of a statement must hold, and one of a line's values is enough. What holds where the request lacks
the key is the operator's own: a positive one does not hold, a negated one does, and with ...IfExists both do.
ForAllValues and ForAnyValue compare keys that have several values.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s3api.access.policy.operators import OPERATORS, Operator
from s3api.access.policy.patterns import Lookup, normal_key

_IF_EXISTS = "ifexists"
_SETS = {"forallvalues": "all", "foranyvalue": "any"}


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` None: Null, whose one value says whether the key must be absent. `over`: "" | "all" | "any".
    `key` is in lower case (but for the name of a tag)."""

    name: str
    key: str
    operator: Operator | None
    over: str
    if_exists: bool
    wanted: tuple[Any, ...]

    def holds(self, lookup: Lookup) -> bool:
        values = lookup(self.key)
        if self.operator is None:
            return any((values is None) is absent for absent in self.wanted)
        if not values:
            return self._without()
        matched = [self._any_wanted(value, lookup) for value in values]
        negated = self.operator.negated
        if self.over == "all":
            return all(match is not negated for match in matched)
        if self.over == "any":
            return any(match is not negated for match in matched)
        return not any(matched) if negated else any(matched)

    def _without(self) -> bool:
        assert self.operator is not None
        if self.if_exists or self.over == "all":
            return True
        return self.operator.negated and not self.over

    def _any_wanted(self, value: str, lookup: Lookup) -> bool:
        assert self.operator is not None
        return any(self.operator.test(wanted, value, lookup) for wanted in self.wanted)


class UnknownOperator(ValueError):
    """There is no such operator; its name is the argument."""


def read_condition(name: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """Raises UnknownOperator, and ValueError for a value that the operator cannot compare."""
    prefix, colon, rest = name.partition(":")
    over = _SETS.get(prefix.lower()) if colon else ""
    if over is None:
        raise UnknownOperator(name)
    plain = (rest if colon else name).lower()
    key = normal_key(key)
    if plain == "null" and not over:
        return Condition(name, key, None, "", False, tuple(_absent(value) for value in values))
    if_exists = plain.endswith(_IF_EXISTS)
    operator = OPERATORS.get(plain.removesuffix(_IF_EXISTS))
    if operator is None:
        raise UnknownOperator(name)
    wanted = tuple(operator.read(value, variables) for value in values)
    return Condition(name, key, operator, over, if_exists, wanted)


def _absent(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"
