"""Parser of policy documents: JSON to statements, with the grammar checks of AWS.

A bucket policy must name principals; a user's policy must not. Invalid documents raise `PolicyError` with
AWS's message; the caller chooses the error code (S3: MalformedPolicy, IAM: MalformedPolicyDocument).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from s3api.access.policy.conditions import Condition, UnknownOperator, read_condition
from s3api.access.policy.patterns import Lookup, Pattern
from s3api.access.policy.principals import Principals, read_principals

VERSIONS = ("2012-10-17", "2008-10-17")
_FIELDS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
           "Condition")  # fmt: skip


class PolicyError(ValueError):
    """An invalid policy. The text is AWS's message."""


@dataclass(frozen=True)
class Statement:
    """A statement of a policy. `index`: its position in the policy, from 0. `principals`: None in a user's
    own policy."""

    index: int
    sid: str
    allow: bool
    principals: Principals | None
    actions: tuple[Pattern, ...]
    not_actions: bool
    resources: tuple[Pattern, ...]
    not_resources: bool
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """The name of the statement in explanations: its Sid, or its number from 1."""
        return f'"{self.sid}"' if self.sid else f"number {self.index + 1}"

    def covers(self, action: str, resource: str, lookup: Lookup) -> bool:
        """Whether the statement covers the action on the resource, conditions aside."""
        if any(pattern.matches(action, lookup) for pattern in self.actions) is self.not_actions:
            return False
        return any(pattern.matches(resource, lookup) for pattern in self.resources) is not self.not_resources

    def holds(self, lookup: Lookup) -> bool:
        return all(condition.holds(lookup) for condition in self.conditions)


@dataclass(frozen=True)
class Policy:
    statements: tuple[Statement, ...]
    id: str = ""

    @cached_property
    def keys(self) -> frozenset[str]:
        """The condition keys that the statements use, so that no other values are looked up."""
        named = {condition.key for one in self.statements for condition in one.conditions}
        return frozenset(named)

    @cached_property
    def wants_existing_tags(self) -> bool:
        return any(key.startswith("s3:existingobjecttag/") for key in self.keys)


def read_policy(text: str, *, principals: bool, unique_sids: bool = True) -> Policy:
    """Parse a policy document. `principals`: whether statements must name principals (a bucket policy) or
    must not (a user's policy). Raises PolicyError."""
    document = _parse_json(text)
    if unknown := set(document) - {"Version", "Id", "Statement"}:
        raise PolicyError(f"Unknown field {min(unknown)}")
    version = document.get("Version", VERSIONS[1])
    if version not in VERSIONS:
        raise PolicyError("The policy must contain a valid version string")
    id_ = document.get("Id", "")
    if not isinstance(id_, str):
        raise PolicyError("Invalid policy syntax.")
    if "Statement" not in document:
        raise PolicyError("Missing required field Statement")
    bodies = document["Statement"]
    bodies = [bodies] if isinstance(bodies, dict) else bodies
    if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
        raise PolicyError("Invalid policy syntax.")
    if not bodies:
        raise PolicyError("Could not parse the policy: Statement is empty!")
    variables = version == VERSIONS[0]
    statements = tuple(
        _parse_statement(index, body, principals=principals, variables=variables)
        for index, body in enumerate(bodies)
    )
    sids = [one.sid for one in statements if one.sid]
    if unique_sids and len(set(sids)) != len(sids):
        raise PolicyError("Statement IDs (SID) in a single policy must be unique.")
    return Policy(statements, id_)


def _parse_json(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        raise PolicyError("Policies must be valid JSON and the first byte must be '{'")
    try:
        document = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise PolicyError("This policy contains invalid Json") from None
    assert isinstance(document, dict)
    return document


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object. Raises ValueError for a duplicate name, of which one value would be ignored."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate name")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _parse_statement(index: int, body: dict[str, Any], *, principals: bool, variables: bool) -> Statement:
    for name in body:
        if name not in _FIELDS:
            raise PolicyError(f"Unknown field {name}")
    effect = body.get("Effect")
    if effect is None:
        raise PolicyError("Missing required field Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Invalid effect: {effect}")
    sid = body.get("Sid") or ""
    if not isinstance(sid, str):
        raise PolicyError("Invalid policy syntax.")
    named = _parse_principals(body, wanted=principals, allow=effect == "Allow")
    actions, not_actions = _parse_positive_or_not(body, "Action")
    resources, not_resources = _parse_positive_or_not(body, "Resource")
    for action in actions:
        if action != "*" and ":" not in action:
            raise PolicyError("Policy has invalid action")
    return Statement(
        index=index,
        sid=sid,
        allow=effect == "Allow",
        principals=named,
        actions=tuple(Pattern(action, fold_case=True) for action in actions),
        not_actions=not_actions,
        resources=tuple(Pattern(resource, variables=variables) for resource in resources),
        not_resources=not_resources,
        conditions=_parse_conditions(body.get("Condition", {}), variables=variables),
    )


def _parse_principals(body: dict[str, Any], *, wanted: bool, allow: bool) -> Principals | None:
    there = [name for name in ("Principal", "NotPrincipal") if name in body]
    if not wanted:
        if there:
            raise PolicyError("Policy document should not specify a principal.")
        return None
    if not there:
        raise PolicyError("Missing required field Principal")
    if len(there) == 2:
        raise PolicyError("Invalid policy syntax.")
    if there == ["NotPrincipal"] and allow:
        raise PolicyError("Allow with NotPrincipal is not allowed.")
    found = read_principals(body[there[0]], excluded=there == ["NotPrincipal"])
    if found is None:
        raise PolicyError("Invalid principal in policy")
    return found


def _parse_positive_or_not(body: dict[str, Any], name: str) -> tuple[list[str], bool]:
    """Parse the values of `name` or of `Not` + `name`; the flag says whether it is the latter."""
    negated = f"Not{name}"
    if (name in body) is (negated in body):
        raise PolicyError("Invalid policy syntax." if name in body else f"Missing required field {name}")
    there = name if name in body else negated
    values = body[there]
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
        raise PolicyError(f"Policy has invalid {name.lower()}")
    return values, there == negated


def _parse_conditions(block: Any, *, variables: bool) -> tuple[Condition, ...]:
    if not isinstance(block, dict):
        raise PolicyError("Invalid policy syntax.")
    out = []
    for operator, lines in block.items():
        if not isinstance(lines, dict):
            raise PolicyError("Invalid policy syntax.")
        for key, values in lines.items():
            out.append(_parse_condition(operator, key, values, variables=variables))
    return tuple(out)


def _parse_condition(operator: str, key: str, values: Any, *, variables: bool) -> Condition:
    try:
        return read_condition(operator, key, _condition_values(values), variables=variables)
    except UnknownOperator:
        raise PolicyError(f"Invalid Condition type : {operator}") from None
    except (ValueError, OverflowError, OSError):
        raise PolicyError(f"Policy has an invalid value for condition key {key}") from None


def _condition_values(values: Any) -> Sequence[str]:
    """Convert condition values to text. JSON numbers and booleans are allowed, as on AWS."""
    found = values if isinstance(values, list) else [values]
    out = []
    for value in found:
        if isinstance(value, bool):
            out.append("true" if value else "false")
        elif isinstance(value, str | int | float):
            out.append(str(value))
        else:
            raise ValueError(value)
    return out
