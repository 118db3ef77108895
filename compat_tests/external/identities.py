"""Who the suites act as: accounts and users of the endpoint, and what it calls them.

ceph/s3-tests wants six: two plain accounts (main, alt), one that Ceph would put into another tenant, a user
with IAM rights (iam), and the roots of two accounts (iam root, iam alt root). An endpoint where only one key
pair is known plays all of them with that one; tests of what an account may not do to another then fail.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROLES = ("main", "alt", "tenant", "iam", "iam_root", "iam_alt_root")


@dataclass(frozen=True, slots=True)
class Identity:
    """A key pair, and its account's canonical id, display name, e-mail and twelve digits."""

    access_key: str
    secret_key: str
    user_id: str
    display_name: str = ""
    email: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Identities:
    main: Identity
    alt: Identity
    tenant: Identity
    iam: Identity
    iam_root: Identity
    iam_alt_root: Identity

    def save(self, path: Path) -> None:
        """As `read` takes it. It has secrets: for the owner's eyes."""
        path.touch(0o600)
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path, main: Identity) -> Identities:
        """JSON: role to the fields of Identity; a role that is missing is played by `main`."""
        told: dict[str, dict[str, str]] = json.loads(path.read_text())
        return cls.of({role: Identity(**told[role]) for role in ROLES if role in told}, main)

    @classmethod
    def of(cls, known: dict[str, Identity], main: Identity) -> Identities:
        return cls(**{field.name: known.get(field.name, main) for field in fields(cls)})


def ask(url: str, region: str, access_key: str, secret_key: str) -> Identity:
    """The key pair's account as the endpoint calls it, by ListBuckets."""
    s3: Any = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    owner = s3.list_buckets()["Owner"]
    return Identity(access_key, secret_key, owner["ID"], owner.get("DisplayName", ""))
