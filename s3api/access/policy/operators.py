"""Condition operators: compare one value of a policy with one value of the request.

An operator has a parser of the policy's value (run once, when the policy is parsed; raises ValueError for an
invalid one) and a test of the parsed value against a value of the request. A "Not" variant negates the test.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from s3api.access.policy.patterns import Lookup, Pattern

Test = Callable[[Any, str, Lookup], bool]


class Operator(NamedTuple):
    """A condition operator. `read(text, variables)` parses the policy's value for `test`. A `negated`
    operator holds if no value matches."""

    name: str
    read: Callable[[str, bool], Any]
    test: Test
    negated: bool = False


def _pattern(*, fold_case: bool = False, wildcards: bool = True) -> Callable[[str, bool], Pattern]:
    return lambda text, variables: Pattern(
        text, variables=variables, fold_case=fold_case, wildcards=wildcards
    )


def _matches(pattern: Pattern, value: str, lookup: Lookup) -> bool:
    return pattern.matches(value, lookup)


def _number(text: str, _: bool = False) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return number


_SECONDS = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?")


def _time(text: str, _: bool = False) -> datetime:
    """Parse a time: ISO 8601, or seconds since 1970. Without a zone it is UTC."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    """Make an ordering test. A value of the request that cannot be parsed never matches."""

    def test(wanted: Any, value: str, _: Lookup) -> bool:
        try:
            return compare(read(value), wanted)
        except (ValueError, OverflowError, OSError):
            return False

    return test


def _boolean(text: str, _: bool = False) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _same_boolean(wanted: bool, value: str, _: Lookup) -> bool:
    return value.lower() == ("true" if wanted else "false")


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str, _: bool = False) -> Network:
    return ipaddress.ip_network(text.strip(), strict=False)


def _in_network(network: Network, value: str, _: Lookup) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version == network.version and address in network


def _binary(text: str, _: bool = False) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(text) from None


def _same_bytes(wanted: bytes, value: str, _: Lookup) -> bool:
    try:
        return base64.b64decode(value, validate=True) == wanted
    except binascii.Error:
        return False


_ARN_FIELDS = 6


def _arn(text: str, variables: bool) -> tuple[Pattern, ...]:
    """Parse an ARN pattern. Its six components are matched separately, so `*` never crosses a colon."""
    parts = _arn_parts(text)
    if len(parts) != _ARN_FIELDS:
        raise ValueError(text)
    return tuple(Pattern(part, variables=variables) for part in parts)


def _arn_parts(text: str) -> list[str]:
    """Split an ARN at its colons, except those within `${...}`."""
    if text == "*":
        return ["*"] * _ARN_FIELDS
    hidden = re.sub(r"\$\{[^{}]*\}", lambda match: match[0].replace(":", "\0"), text)
    return [part.replace("\0", ":") for part in hidden.split(":", _ARN_FIELDS - 1)]


def _same_arn(wanted: tuple[Pattern, ...], value: str, lookup: Lookup) -> bool:
    parts = value.split(":", _ARN_FIELDS - 1)
    return len(parts) == _ARN_FIELDS and all(
        pattern.matches(part, lookup) for pattern, part in zip(wanted, parts, strict=True)
    )


_ORDERS: tuple[tuple[str, Callable[[Any, Any], bool], bool], ...] = (
    ("Equals", operator.eq, False),
    ("NotEquals", operator.eq, True),
    ("LessThan", operator.lt, False),
    ("LessThanEquals", operator.le, False),
    ("GreaterThan", operator.gt, False),
    ("GreaterThanEquals", operator.ge, False),
)
_ALL = (
    Operator("StringEquals", _pattern(wildcards=False), _matches),
    Operator("StringNotEquals", _pattern(wildcards=False), _matches, negated=True),
    Operator("StringEqualsIgnoreCase", _pattern(fold_case=True, wildcards=False), _matches),
    Operator("StringNotEqualsIgnoreCase", _pattern(fold_case=True, wildcards=False), _matches, negated=True),
    Operator("StringLike", _pattern(), _matches),
    Operator("StringNotLike", _pattern(), _matches, negated=True),
    *(Operator(f"Numeric{name}", _number, _ordered(_number, test), no) for name, test, no in _ORDERS),
    *(Operator(f"Date{name}", _time, _ordered(_time, test), no) for name, test, no in _ORDERS),
    Operator("Bool", _boolean, _same_boolean),
    Operator("BinaryEquals", _binary, _same_bytes),
    Operator("IpAddress", _network, _in_network),
    Operator("NotIpAddress", _network, _in_network, negated=True),
    Operator("ArnEquals", _arn, _same_arn),
    Operator("ArnLike", _arn, _same_arn),
    Operator("ArnNotEquals", _arn, _same_arn, negated=True),
    Operator("ArnNotLike", _arn, _same_arn, negated=True),
)
OPERATORS: dict[str, Operator] = {one.name.lower(): one for one in _ALL}
"""Operators by name in lower case, as AWS ignores case. Null, which tests for a key's presence, is not
among them."""
