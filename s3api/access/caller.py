"""The caller of a request: its principal together with the policies that are attached to a user."""

from __future__ import annotations

from dataclasses import dataclass

from s3api.access.policy import Policy
from s3api.access.principal import Principal


@dataclass(frozen=True)
class Caller(Principal):
    """A principal and the policies attached to it, by name. Only users have policies."""

    policies: tuple[tuple[str, Policy], ...] = ()


ANONYMOUS = Caller()
