from __future__ import annotations

import base64
import json
import random
from contextlib import suppress
from typing import Any

import pytest

from s3api.errors import S3Error
from s3api.gateway.form_policy import PostPolicy, read_policy

EXPIRES = "2026-01-01T00:00:00.000Z"
BEFORE, AFTER = 1_767_225_599.0, 1_767_225_601.0


def encoded(conditions: Any, expiration: Any = EXPIRES, **more: Any) -> str:
    document = {"expiration": expiration, "conditions": conditions, **more}
    return base64.b64encode(json.dumps(document).encode()).decode()


def policy(*conditions: Any) -> PostPolicy:
    return read_policy(encoded([{"bucket": "b"}, *conditions]))


def refusal(one: PostPolicy, fields: dict[str, str], now_s: float = BEFORE) -> str:
    with pytest.raises(S3Error) as caught:
        one.check(fields, "b", now_s)
    assert caught.value.code == "AccessDenied"
    return (caught.value.message or "").removeprefix("Invalid according to Policy: ")


def test_every_kind_of_condition() -> None:
    one = policy(
        ["starts-with", "$key", "user/"],
        ["eq", "$Content-Type", "image/png"],
        {"acl": "private"},
        ["content-length-range", 1, "100"],
        ["starts-with", "$x-amz-meta-note", ""],
    )
    assert (one.least, one.most) == (1, 100)
    fields = {"key": "user/a", "content-type": "image/png", "acl": "private", "x-amz-meta-note": "any"}
    one.check(fields, "b", BEFORE)
    assert refusal(one, fields | {"key": "other"}) == (
        'Policy Condition failed: ["starts-with","$key","user/"]'
    )
    assert refusal(one, fields | {"content-type": "image/pn"}).startswith("Policy Condition failed")
    assert refusal(one, fields | {"acl": "PRIVATE"}).startswith("Policy Condition failed")
    del fields["x-amz-meta-note"]  # any text will do, none too
    one.check(fields, "b", BEFORE)
    del fields["acl"]
    assert refusal(one, fields).endswith('["eq","$acl","private"]')


def test_names_are_matched_in_any_case() -> None:
    one = read_policy(encoded([{"BuCkEt": "b"}, ["STARTS-with", "$KEY", "k"]]))
    one.check({"key": "k1"}, "b", BEFORE)


def test_every_field_must_be_covered() -> None:
    one = policy({"key": "k"})
    assert refusal(one, {"key": "k", "tagging": "x", "acl": "private"}) == "Extra input fields: acl, tagging"
    one.check(
        {
            "key": "k",
            "policy": "p",
            "x-amz-signature": "s",
            "x-ignore-this": "1",
            "x-amz-checksum-sha256": "c",
            "awsaccesskeyid": "a",
            "signature": "s",
        },
        "b",
        BEFORE,
    )
    assert refusal(one, {"key": "k", "x-amz-date": "d"}) == "Extra input fields: x-amz-date"


def test_the_bucket_must_be_covered_and_right() -> None:
    assert refusal(read_policy(encoded([{"key": "k"}])), {"key": "k"}) == "Extra input fields: bucket"
    other = read_policy(encoded([{"key": "k"}, {"bucket": "other"}]))
    assert "$bucket" in refusal(other, {"key": "k"})
    assert "$bucket" in refusal(other, {"key": "k", "bucket": "other"})
    assert "$bucket" in refusal(policy({"key": "k"}), {"key": "k", "bucket": "other"})


def test_a_list_of_types_fits_item_by_item() -> None:
    one = policy({"key": "k"}, ["starts-with", "$Content-Type", "image/"])
    one.check({"key": "k", "content-type": "image/png, image/jpeg"}, "b", BEFORE)
    assert refusal(policy({"key": "k"}, ["starts-with", "$Content-Type", "text/"]),
                   {"key": "k", "content-type": "image/png,text/plain"})  # fmt: skip


def test_an_expired_policy() -> None:
    one = policy({"key": "k"})
    one.check({"key": "k"}, "b", BEFORE)
    assert refusal(one, {"key": "k"}, AFTER) == "Policy expired."


@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        "é",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b"[]").decode(),
        encoded([], None),
        encoded([], "2026-01-01 00:00:00+00:00"),
        encoded([], "2026-13-01T00:00:00Z"),
        encoded([], 7),
        encoded(None),
        encoded({}),
        encoded([{}]),
        encoded([{"a": "b", "c": "d"}]),
        encoded([{"a": 1}]),
        encoded([[]]),
        encoded(["eq"]),
        encoded([["eq", "$key"]]),
        encoded([["eq", "key", "v"]]),
        encoded([["eq", "$key", 1]]),
        encoded([["like", "$key", "v"]]),
        encoded([["content-length-range", 0]]),
        encoded([["content-length-range", -1, 0]]),
        encoded([["content-length-range", 2, 1]]),
        encoded([["content-length-range", True, 1]]),
        encoded([["content-length-range", 0, 1.5]]),
        encoded([], EXPIRES, EXPIRATION=EXPIRES),
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        read_policy(text)
    assert caught.value.code == "InvalidPolicyDocument"


WORDS = [
    "eq",
    "starts-with",
    "content-length-range",
    "$key",
    "$",
    "key",
    "",
    0,
    -1,
    1 << 70,
    1.5,
    True,
    None,
    "é",
]


def made_up(chance: random.Random, depth: int = 0) -> Any:
    if depth > 2 or chance.random() < 0.5:
        return chance.choice(WORDS)
    if chance.random() < 0.6:
        return [made_up(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {str(chance.choice(WORDS)): made_up(chance, depth + 1) for _ in range(chance.randrange(3))}


def test_whatever_a_policy_holds_it_is_refused_or_read() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        with suppress(S3Error):
            read_policy(encoded([made_up(chance) for _ in range(chance.randrange(4))])).check(
                {"key": "k"}, "b", BEFORE
            )
        with suppress(S3Error):
            read_policy(base64.b64encode(json.dumps(made_up(chance)).encode()).decode())
