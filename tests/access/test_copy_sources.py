"""The source of a copy or a rename is authorized as the operation reads it, however it is encoded."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.access.people import Person, new_user
from tests.access.test_enforcement import arn, policy
from tests.access.test_iam import refused
from tests.gateway_process import GatewayProcess


def user_with(gateway: GatewayProcess, main: Person, *statements: dict[str, object]) -> Person:
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    return new_user(gateway, main, f"u-{uuid.uuid4().hex[:10]}", policy(allow, *statements))


@pytest.mark.parametrize("source", ["a+secret", "a%20secret"])
def test_a_denied_key_is_not_renamed(gateway: GatewayProcess, main: Person, bucket: str, source: str) -> None:
    main.s3.put_object(Bucket=bucket, Key="a secret", Body=b"x")
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": arn(bucket, "a secret")}
    user = user_with(gateway, main, deny)
    with refused("AccessDenied", 403):
        user.s3.rename_object(Bucket=bucket, Key="seized", RenameSource=source)


def test_a_key_that_begins_with_a_slash_is_not_renamed_when_denied(
    gateway: GatewayProcess, main: Person, bucket: str
) -> None:
    main.s3.put_object(Bucket=bucket, Key="/secret", Body=b"x")
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": arn(bucket, "/secret")}
    user = user_with(gateway, main, deny)
    with refused("AccessDenied", 403):
        user.s3.rename_object(Bucket=bucket, Key="seized", RenameSource="/secret")


@pytest.mark.parametrize("source", ["a+secret", "a%20secret"])
def test_a_condition_on_the_copy_source_sees_the_key(
    gateway: GatewayProcess, main: Person, bucket: str, source: str
) -> None:
    main.s3.put_object(Bucket=bucket, Key="a secret", Body=b"x")
    condition = {"StringLike": {"s3:x-amz-copy-source": f"{bucket}/a secret"}}
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": arn(bucket, "*"), "Condition": condition}
    user = user_with(gateway, main, deny)

    def send_as_written(request: Any, **_: Any) -> None:
        request.headers.replace_header("x-amz-copy-source", f"{bucket}/{source}")

    user.s3.meta.events.register("before-sign.s3.CopyObject", send_as_written)
    with refused("AccessDenied", 403):
        user.s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/a secret")
