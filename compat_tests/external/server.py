"""A Sixfold of our own for a run: embedded nodes, one worker, in a directory that goes with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from compat_tests import against
from compat_tests.external.identities import ROLES, Identities, Identity, ask
from compat_tests.external.s3tests_conf import DAY_S, KMS_KEYS

REGION = "us-east-1"
MAIN_NAME, MAIN_EMAIL = "main", "main@example.com"
ANY_S3 = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
}
SETTINGS = {
    "SIXFOLD_LIFECYCLE_DAY_S": str(DAY_S),
    "SIXFOLD_LIFECYCLE_MINIMUM_BYTES": "0",
    # Most of ceph/s3-tests is of the years before April 2023, when buckets had ACLs and could be public.
    "SIXFOLD_ACLS": "true",
    "SIXFOLD_BLOCK_PUBLIC_ACCESS": "false",
    "SIXFOLD_LENIENT": "true",  # what Ceph takes and AWS refuses
}


@contextmanager
def running(scratch: Path) -> Iterator[tuple[str, Identities]]:
    """Its endpoint, and who may use it."""
    sixfold = against.SERVERS["sixfold"]
    sixfold = sixfold._replace(environment=sixfold.environment | SETTINGS)
    data = str(scratch / "data")
    for key in KMS_KEYS:
        _sixfold("kms", "create", "--id", key.rpartition("/")[2], "--data", data)
    _sixfold("account", "rename", "sixfold", MAIN_NAME, "--email", MAIN_EMAIL, "--data", data)
    with against.running(sixfold, scratch) as port:
        url = f"http://127.0.0.1:{port}"
        main = ask(url, REGION, against.ACCESS_KEY, against.SECRET_KEY)
        main = replace(main, display_name=MAIN_NAME, email=MAIN_EMAIL)
        others = {role: _account(role, data) for role in ROLES if role != "main"}
        yield url, Identities.of(others, main)


def with_user(url: str, who: Identities) -> Identities:
    """The same with a user of the `iam` account in place of alt, called as that one's id says (a user's name,
    to ceph/s3-tests). It may do anything with S3 until a test bars it: Ceph's users need no policy.
    """
    key = who.iam.access_key, who.iam.secret_key
    iam: Any = boto3.client(
        "iam", endpoint_url=url, region_name=REGION, aws_access_key_id=key[0], aws_secret_access_key=key[1]
    )
    name = who.alt.user_id
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="as-ceph", PolicyDocument=json.dumps(ANY_S3))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    alt = replace(who.alt, access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    return replace(who, alt=alt)


def _account(name: str, data: str) -> Identity:
    """A new account, by its root key pair."""
    email = f"{name}@example.com"
    told = json.loads(_sixfold("account", "create", name, "--email", email, "--json", "--data", data))
    pair = told["access key"], told["secret key"]
    return Identity(*pair, told["canonical id"], name, email, told["account"])


def _sixfold(*arguments: str) -> str:
    """What the command says. Raises CalledProcessError."""
    command = [sys.executable, "-c", "from s3api.cli import main; main()", *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=against.outer_environment()
    ).stdout
