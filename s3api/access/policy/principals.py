"""The Principal element of a statement: which principals it matches, and how precisely.

`arn:aws:iam::123456789012:root` and the bare number mean an account with all of its users. To a user of the
bucket's own account that is no permission yet: it only lets the account give one. So a match says whether it
was the account that was named, or this very principal (or everybody).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from s3api.access.principal import Principal

_NUMBER = re.compile(r"\d{12}")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
# AWS wants the account's number, and other stores names: both are kept apart from what is no ARN at all.
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::([\w.@+=-]+):(root|(?:user|role|assumed-role|federated-user)/\S+)"
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
EVERYBODY = "*"


class Match(IntEnum):
    NONE = 0
    ACCOUNT = 1
    EXACT = 2


@dataclass(frozen=True, slots=True)
class Principals:
    """Parsed Principal element. `excluded`: NotPrincipal, which matches all principals except these."""

    everybody: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    canonical: frozenset[str]
    services: frozenset[str]
    excluded: bool = False

    def match(self, principal: Principal) -> Match:
        found = self._match(principal)
        if not self.excluded:
            return found
        return Match.NONE if found else Match.EXACT

    def _match(self, principal: Principal) -> Match:
        if principal.service is not None:
            return Match.EXACT if principal.service in self.services else Match.NONE
        if self.everybody or principal.arn in self.arns:
            return Match.EXACT
        if not principal.account:
            return Match.NONE
        if principal.number in self.accounts or principal.account in self.canonical:
            return Match.EXACT if principal.is_root else Match.ACCOUNT
        return Match.NONE

    @property
    def names_everybody(self) -> bool:
        return self.everybody or self.excluded


def read_principals(value: Any, *, excluded: bool) -> Principals | None:
    """Parse a Principal element (JSON value); None if it is invalid by AWS's rules."""
    if value == EVERYBODY:
        return Principals(True, frozenset(), frozenset(), frozenset(), frozenset(), excluded)
    if not isinstance(value, dict) or not value:
        return None
    found: dict[str, set[str]] = {"accounts": set(), "arns": set(), "canonical": set(), "services": set()}
    everybody = False
    for kind, names in value.items():
        for name in [names] if isinstance(names, str) else names if isinstance(names, list) else [None]:
            if kind == "AWS" and name == EVERYBODY:
                everybody = True
            elif not isinstance(name, str) or not _add(kind, name, found):
                return None
    sets = {name: frozenset(values) for name, values in found.items()}
    return Principals(everybody, **sets, excluded=excluded)


def _add(kind: str, name: str, found: dict[str, set[str]]) -> bool:
    if kind == "AWS":
        if _NUMBER.fullmatch(name):
            found["accounts"].add(name)
            return True
        match = _ARN.fullmatch(name)
        if match is None or "*" in name or "?" in name:
            return False
        found["accounts" if match[2] == "root" else "arns"].add(match[1] if match[2] == "root" else name)
        return True
    if kind == "CanonicalUser" and _CANONICAL.fullmatch(name):
        found["canonical"].add(name)
        return True
    if kind == "Service" and _SERVICE.fullmatch(name):
        found["services"].add(name)
        return True
    return kind == "Federated" and bool(name)
