"""Accounts, users and access keys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key pair.

    The secret is what SigV4 needs in clear: it never enters a log, repr included.
    """

    access_key: str
    secret_key: str = field(repr=False)
    owner: str
    state: str
    created_us: int
    user_name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An owner of buckets and objects. `id`: canonical, 64 hex digits; `number`: twelve digits (ARNs)."""

    id: str
    number: str
    name: str
    email: str | None
    created_us: int


@dataclass(frozen=True, slots=True)
class IamUser:
    """An IAM user. `id` survives a rename, and no later user of the same name gets it."""

    account_id: str
    name: str
    id: str
    path: str
    created_us: int


@dataclass(frozen=True, slots=True)
class Identity:
    """An account's root (`user` None), or one of its users, with the names and texts of its policies."""

    account: Account
    user: IamUser | None = None
    policies: tuple[tuple[str, str], ...] = ()
