"""The principal of a request: an account's root, one of its users, a service of ours, or anonymous.

Accounts have two names in policies and ACLs: a number of twelve digits (in ARNs) and a canonical id of 64 hex
digits (in ACLs). A principal holds names only: no secrets, no look-ups, and no policies, which
`access.caller` adds.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Principal:
    """The names that policies, ACLs and condition keys know a principal by.

    `account`: canonical id, "" for anonymous; `number`: the account's twelve digits; `user`: a user's name,
    None for the account's root. `service`: "logging.s3.amazonaws.com" for the gateway's own deliveries.
    """

    account: str = ""
    number: str = ""
    user: str | None = None
    path: str = "/"
    user_id: str = ""
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


ANONYMOUS_OWNER = "65a011a29cdf8ec533ec3d1ccaae921c"
"""Canonical id of the owner of objects that anonymous requests wrote, the same as on AWS."""
