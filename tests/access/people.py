"""Callers for these tests: further accounts and users, created in the database of a running gateway."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from metadata import open_metadata
from metadata.records import Account
from s3api.access.key_generation import new_account, new_key_pair
from s3api.settings import load
from tests.gateway_process import GatewayProcess

Client = Any  # boto3 makes its clients' classes at run time


@dataclass(frozen=True, slots=True)
class Person:
    """An account or a user, with its clients."""

    s3: Client
    iam: Client
    account: Account | None = None


def client(gateway: GatewayProcess, service: str, access_key: str | None, secret_key: str | None) -> Client:
    """Make a client of a gateway; anonymous without an access key."""
    config: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}}
    if access_key is None:
        config["signature_version"] = UNSIGNED
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=gateway.endpoint,
        aws_access_key_id=access_key or "none",
        aws_secret_access_key=secret_key or "none",
        region_name="us-east-1",
        config=Config(**config),
    )


def person(
    gateway: GatewayProcess, access_key: str, secret_key: str, account: Account | None = None
) -> Person:
    return Person(
        client(gateway, "s3", access_key, secret_key), client(gateway, "iam", access_key, secret_key), account
    )


def root_of(gateway: GatewayProcess) -> Person:
    return person(gateway, gateway.access_key, gateway.secret_key)


def new_root(gateway: GatewayProcess, name: str, email: str | None = None) -> Person:
    """Create another account with an access key."""
    account = new_account(name, email)
    pair = new_key_pair(account.id)

    async def make() -> None:
        metadata = await open_metadata(load(data=gateway.data).database_url, instance="test")
        try:
            await metadata.accounts.create(account)
            await metadata.access_keys.put(pair)
        finally:
            await metadata.close()

    asyncio.run(make())
    return person(gateway, pair.access_key, pair.secret_key, account)


def new_user(gateway: GatewayProcess, owner: Person, name: str, *policies: str) -> Person:
    """Create a user of an account, with policies."""
    owner.iam.create_user(UserName=name)
    for number, policy in enumerate(policies):
        owner.iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=policy)
    key = owner.iam.create_access_key(UserName=name)["AccessKey"]
    return person(gateway, key["AccessKeyId"], key["SecretAccessKey"])
