"""Initiators of multipart uploads: listed beside the owner, and denied access by an explicit Deny alone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.access.people import Person, new_root, new_user
from tests.access.test_enforcement import arn, policy, statement
from tests.access.test_iam import refused
from tests.gateway_process import GatewayProcess


def putting(bucket: str) -> str:
    return policy({"Effect": "Allow", "Action": "s3:PutObject", "Resource": arn(bucket, "*")})


@pytest.fixture
def name() -> str:
    return f"U{uuid.uuid4().hex[:12]}"


@pytest.fixture
def user(gateway: GatewayProcess, main: Person, bucket: str, name: str) -> Person:
    """A user that may only put objects."""
    return new_user(gateway, main, name, putting(bucket))


def begin(person: Person, bucket: str) -> dict[str, Any]:
    made = {"Bucket": bucket, "Key": "k"}
    made["UploadId"] = person.s3.create_multipart_upload(**made)["UploadId"]
    person.s3.upload_part(**made, PartNumber=1, Body=b"x")
    return made


def initiator(person: Person, made: dict[str, Any]) -> dict[str, str]:
    """Return the initiator that both listings show."""
    listed = person.s3.list_parts(**made)
    (other,) = person.s3.list_multipart_uploads(Bucket=made["Bucket"])["Uploads"]
    assert (listed["Initiator"], listed["Owner"]) == (other["Initiator"], other["Owner"])
    shown: dict[str, str] = listed["Initiator"]
    return shown


def test_a_user_is_shown_and_its_account_owns(main: Person, user: Person, bucket: str, name: str) -> None:
    made = begin(user, bucket)
    shown = initiator(main, made)
    assert shown == {"ID": main.iam.get_user(UserName=name)["User"]["Arn"], "DisplayName": name}
    assert main.s3.list_parts(**made)["Owner"] == main.s3.list_buckets()["Owner"]


def test_an_account_is_shown_as_an_owner_is(main: Person, alt: Person, bucket: str) -> None:
    assert initiator(main, begin(main, bucket)) == main.s3.list_buckets()["Owner"]
    other = f"{bucket}-2"
    main.s3.create_bucket(Bucket=other)
    allow = statement("s3:PutObject", arn(other, "*"), Principal={"AWS": number(alt)})
    main.s3.put_bucket_policy(Bucket=other, Policy=policy(allow))
    made = begin(alt, other)
    assert initiator(main, made) == alt.s3.list_buckets()["Owner"]  # whose the object will not be
    assert main.s3.list_parts(**made)["Owner"] == main.s3.list_buckets()["Owner"]


def test_it_may_list_and_abort_what_it_began(main: Person, user: Person, bucket: str) -> None:
    made, of_root = begin(user, bucket), begin(main, bucket)
    assert [part["PartNumber"] for part in user.s3.list_parts(**made)["Parts"]] == [1]
    for ask in (user.s3.list_parts, user.s3.abort_multipart_upload):
        with refused("AccessDenied", 403):
            ask(**of_root)
        with refused("AccessDenied", 403):
            ask(**made | {"UploadId": "0" * 64})
        with refused("AccessDenied", 403):
            ask(**made | {"UploadId": "../x"})
    user.s3.abort_multipart_upload(**made)
    with refused("NoSuchUpload", 404):
        main.s3.list_parts(**made)


def test_nobody_else_may(gateway: GatewayProcess, main: Person, user: Person, bucket: str, name: str) -> None:
    made = begin(user, bucket)
    other = new_user(gateway, main, f"{name}-other", putting(bucket))
    with refused("AccessDenied", 403):
        other.s3.abort_multipart_upload(**made)
    for key in main.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        main.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    main.iam.delete_user_policy(UserName=name, PolicyName="p0")
    main.iam.delete_user(UserName=name)
    again = new_user(gateway, main, name, putting(bucket))
    with refused("AccessDenied", 403):
        again.s3.abort_multipart_upload(**made)
    assert initiator(main, made)["DisplayName"] == name


def test_a_deny_counts(main: Person, user: Person, bucket: str) -> None:
    made = begin(user, bucket)
    actions = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    main.s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(statement(actions, arn(bucket, "*"), Effect="Deny"))
    )
    for ask in (user.s3.list_parts, user.s3.abort_multipart_upload):
        with refused("AccessDenied", 403):
            ask(**made)


def test_another_account_and_its_user(gateway: GatewayProcess, main: Person, bucket: str, name: str) -> None:
    """The account may abort its user's upload without a permission from the bucket."""
    theirs = new_root(gateway, f"a-{bucket}")
    user = new_user(gateway, theirs, name, putting(bucket))
    allow = statement("s3:PutObject", arn(bucket, "*"), Principal={"AWS": number(theirs)})
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    made, second = begin(user, bucket), begin(user, bucket)
    main.s3.delete_bucket_policy(Bucket=bucket)
    assert theirs.s3.list_parts(**made)["Initiator"]["DisplayName"] == name
    theirs.s3.abort_multipart_upload(**made)
    user.s3.abort_multipart_upload(**second)


def number(person: Person) -> str:
    assert person.account
    digits: str = person.account.number
    return digits
