"""The policy of a browser upload: the conditions that its signer sets for the fields of the form.

Every field must be covered by a condition and every condition must hold. Exempt are the fields of the
signature, the file, fields with the prefix x-ignore-, and checksums, which can only make an upload fail.
Field names and operators match in any case. `content-length-range` is checked by the caller, since the length
is known only once the file is read.
Source: "POST policy" (sigv4-HTTPPOSTConstructPolicy) and "HTTPPOSTForms" of the S3 documentation; messages as
AWS words them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from s3api.errors import S3Error

EQ, STARTS_WITH, RANGE = "eq", "starts-with", "content-length-range"
# Fields that need no condition: the signature's own (of version 4, then of version 2) and the file.
UNCOVERED = frozenset(
    {"policy", "x-amz-signature", "signature", "awsaccesskeyid", "file", "submit", "x-amz-security-token"}
)
UNCOVERED_PREFIXES = ("x-ignore-", "x-amz-checksum-")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_MAX_LENGTH = 1 << 63


class Condition(NamedTuple):
    """One condition on a field: the operator is EQ or STARTS_WITH."""

    operator: str
    field: str
    value: str

    def holds(self, value: str) -> bool:
        """Whether a field may have this value. A field that is not sent has the value ""."""
        if self.operator == EQ:
            return value == self.value
        # "image/jpeg,image/png" under starts-with image/ is a list, each item of which must fit.
        items = value.split(",") if self.field == "content-type" else [value]
        return all(item.strip().startswith(self.value) for item in items)

    def __str__(self) -> str:
        return orjson.dumps([self.operator, f"${self.field}", self.value]).decode()


@dataclass(frozen=True, slots=True)
class PostPolicy:
    """A well-formed policy. `least`, `most`: bounds of the file's length in bytes."""

    expires_s: float
    conditions: tuple[Condition, ...]
    least: int = 0
    most: int = 1 << 63

    def check(self, fields: Mapping[str, str], bucket: str, now_s: float) -> None:
        """Raise S3Error AccessDenied unless the policy allows this form now.

        `fields`: by lower-case name, ${filename} replaced. The bucket counts as a field even if it is not
        sent.
        """
        if now_s > self.expires_s:
            raise _denied("Policy expired.")
        given = {**fields, "bucket": bucket}
        if fields.get("bucket", bucket) != bucket:
            raise _denied(f"Policy Condition failed: {Condition(EQ, 'bucket', fields['bucket'])}")
        for condition in self.conditions:
            if not condition.holds(given.get(condition.field, "")):
                raise _denied(f"Policy Condition failed: {condition}")
        covered = {condition.field for condition in self.conditions} | UNCOVERED
        extra = [name for name in given if name not in covered and not name.startswith(UNCOVERED_PREFIXES)]
        if extra:
            raise _denied(f"Extra input fields: {', '.join(sorted(extra))}")


def read_policy(text: str) -> PostPolicy:
    """Read the policy field of a form: base64 of JSON. Raises S3Error InvalidPolicyDocument."""
    try:
        document = orjson.loads(base64.b64decode("".join(text.split()).encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        raise _invalid("Invalid base64 encoding.") from None
    except orjson.JSONDecodeError:
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    if unknown := [name for name in document if name not in ("expiration", "conditions")]:
        raise _invalid(f"Unexpected: '{unknown[0]}'")
    if not isinstance(document.get("conditions"), list):
        raise _invalid("Policy missing conditions.")
    least, most = 0, _MAX_LENGTH
    conditions = []
    for item in document["conditions"]:
        read = _read_object(item) if isinstance(item, dict) else _read_list(item)
        if isinstance(read, Condition):
            conditions.append(read)
        else:
            least, most = max(least, read[0]), min(most, read[1])
    return PostPolicy(_expiration(document.get("expiration")), tuple(conditions), least, most)


def _expiration(value: Any) -> float:
    if value is None:
        raise _invalid("Policy missing expiration.")
    try:
        if not isinstance(value, str) or not _ISO.fullmatch(value):
            raise ValueError(value)
        return datetime.fromisoformat(value[:19]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _invalid(f"Invalid 'expiration' value: '{value}'") from None


def _read_object(item: dict[str, Any]) -> Condition:
    """Read {"acl": "private"}: the field has exactly that value."""
    if len(item) != 1:
        raise _invalid(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    ((name, value),) = item.items()
    if not isinstance(value, str):
        raise _invalid("Invalid Simple-Condition: value must be a string.")
    return Condition(EQ, name.lower(), value)


def _read_list(item: Any) -> Condition | tuple[int, int]:
    """Read ["starts-with", "$key", "user/"], ["eq", "$acl", "private"], ["content-length-range", 1, 100]."""
    if not isinstance(item, list) or not item or not isinstance(item[0], str):
        raise _invalid("Invalid Condition: must be a list that begins with an operation.")
    operator = item[0].lower()
    if operator not in (EQ, STARTS_WITH, RANGE):
        raise _invalid(f"Invalid Condition: unknown operation '{item[0]}'.")
    if len(item) != 3:
        raise _invalid(f"Invalid {item[0]}: wrong number of arguments.")
    if operator == RANGE:
        least, most = (_length(bound) for bound in item[1:])
        if least > most:
            raise _invalid("Invalid content-length-range: the minimum exceeds the maximum.")
        return least, most
    name, value = item[1:]
    if not isinstance(name, str) or not name.startswith("$") or not isinstance(value, str):
        raise _invalid(f"Invalid {item[0]}: wants a field, which begins with $, and a text.")
    return Condition(operator, name[1:].lower(), value)


def _length(bound: Any) -> int:
    """Read a length: a number, or its digits as text, as some signers write it."""
    if isinstance(bound, str) and bound.isascii() and bound.isdecimal() and len(bound) < 20:
        bound = int(bound)
    if type(bound) is not int or not 0 <= bound < _MAX_LENGTH:
        raise _invalid("Invalid content-length-range: its bounds are whole numbers from 0 on.")
    return bound


def _denied(why: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {why}")


def _invalid(why: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"Invalid Policy: {why}")
