"""Who calls: an account's root, one of its users, a service of ours, or nobody.

Accounts have two names in policies and ACLs: a number of twelve digits (in ARNs) and a canonical id of 64 hex
digits (in ACLs). No secrets here, and no look-ups: the gateway fills this in from the key pair.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s3api.access.policy.documents import Policy


@dataclass(frozen=True)
class Principal:
    """`account`: canonical id, "" for nobody; `number`: the account's twelve digits; `user`: a user's name,
    None for the account's root. `policies`: the user's own, by name. `service`: "logging.s3.amazonaws.com"
    for the gateway's own deliveries.
    """

    account: str = ""
    number: str = ""
    user: str | None = None
    path: str = "/"
    user_id: str = ""
    policies: tuple[tuple[str, Policy], ...] = ()
    service: str | None = None

    @property
    def anonymous(self) -> bool:
        return not self.account and self.service is None

    @property
    def is_root(self) -> bool:
        """Whether this is an account itself, which no policy of a user restricts."""
        return bool(self.account) and self.user is None

    @cached_property
    def arn(self) -> str | None:
        if not self.account:
            return None
        if self.user is None:
            return f"arn:aws:iam::{self.number}:root"
        return f"arn:aws:iam::{self.number}:user{self.path}{self.user}"

    @property
    def type(self) -> str:
        """The value of aws:PrincipalType."""
        if self.service is not None:
            return "AWSService"
        if not self.account:
            return "Anonymous"
        return "Account" if self.user is None else "User"

    @property
    def id(self) -> str:
        """The value of aws:userid."""
        if not self.account:
            return "anonymous"
        return self.number if self.user is None else self.user_id


ANONYMOUS = Principal()
ANONYMOUS_OWNER = "65a011a29cdf8ec533ec3d1ccaae921c"
"""Whose an object is that nobody signed for, as AWS has it."""
