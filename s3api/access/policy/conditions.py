"""Conditions of policy statements: an operator, a condition key, and the values to compare with.

All conditions of a statement must hold; each holds if any of its values matches. If the request lacks the
key, a positive operator does not hold, a negated one does, and an ...IfExists variant of either does.
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
_QUANTIFIERS = {"forallvalues": "all", "foranyvalue": "any"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition. `operator`: None for the Null operator, where `wanted` holds booleans: True requires that
    the key is absent. `quantifier`: "" | "all" | "any". `key`: in lower case, except for a tag's name."""

    name: str
    key: str
    operator: Operator | None
    quantifier: str
    if_exists: bool
    wanted: tuple[Any, ...]

    def holds(self, lookup: Lookup) -> bool:
        values = lookup(self.key)
        if self.operator is None:
            return any((values is None) is absent for absent in self.wanted)
        if not values:
            return self._holds_without_key()
        matched = [self._matches_any(value, lookup) for value in values]
        negated = self.operator.negated
        if self.quantifier == "all":
            return all(match is not negated for match in matched)
        if self.quantifier == "any":
            return any(match is not negated for match in matched)
        return not any(matched) if negated else any(matched)

    def _holds_without_key(self) -> bool:
        assert self.operator is not None
        if self.if_exists or self.quantifier == "all":
            return True
        return self.operator.negated and not self.quantifier

    def _matches_any(self, value: str, lookup: Lookup) -> bool:
        assert self.operator is not None
        return any(self.operator.test(wanted, value, lookup) for wanted in self.wanted)


class UnknownOperator(ValueError):
    """An unknown condition operator. The argument is its name."""


def read_condition(name: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """Parse a condition. Raises UnknownOperator, and ValueError for an invalid value."""
    prefix, colon, rest = name.partition(":")
    quantifier = _QUANTIFIERS.get(prefix.lower()) if colon else ""
    if quantifier is None:
        raise UnknownOperator(name)
    plain = (rest if colon else name).lower()
    key = normal_key(key)
    if plain == "null" and not quantifier:
        return Condition(name, key, None, "", False, tuple(_parse_null_value(value) for value in values))
    if_exists = plain.endswith(_IF_EXISTS)
    operator = OPERATORS.get(plain.removesuffix(_IF_EXISTS))
    if operator is None:
        raise UnknownOperator(name)
    wanted = tuple(operator.read(value, variables) for value in values)
    return Condition(name, key, operator, quantifier, if_exists, wanted)


def _parse_null_value(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"
