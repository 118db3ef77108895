"""The operators of a policy's Condition: how one value of a policy is compared with one of the request.

An operator is a way to read the policy's value (once, when the policy is parsed; ValueError for one that it
cannot be) and a test of what was read against a value of the request. "Not" variants are the same test
denied.
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
    """`read(text, variables)` gives what `test` compares with; a negated one wants no value to match."""

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
    """ISO 8601, or seconds since 1970."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    """A test of order; a value of the request that cannot be read compares with nothing."""

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
    """Each of the six components is matched by itself: a star stays within its own."""
    parts = _arn_parts(text)
    if len(parts) != _ARN_FIELDS:
        raise ValueError(text)
    return tuple(Pattern(part, variables=variables) for part in parts)


def _arn_parts(text: str) -> list[str]:
    """Colons within `${...}` separate nothing."""
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
"""By name in lower case: AWS takes any. Null is not among them: it asks whether a key is there at all."""
