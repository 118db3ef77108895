from __future__ import annotations

import pytest

from s3api.events.targets import STREAM, STREAM_LENGTH, Targets, read_target


def test_arns_name_targets() -> None:
    targets = Targets({"hook": "https://a.example/x", "audit": "redis://:pw@r:6379/1?stream=s3&length=10"})
    assert [target.arn for target in targets] == [
        "arn:sixfold:sqs::hook:webhook",
        "arn:sixfold:sqs::audit:redis",
    ]
    for arn in (
        "arn:sixfold:sqs::hook:webhook",
        "arn:aws:sns:us-east-1:hook:webhook",
        "arn:minio:lambda::hook:webhook",
    ):
        found = targets.find(arn)
        assert found
        assert found.url == "https://a.example/x"
    for arn in (
        "arn:sixfold:sqs::hook:redis",
        "arn:sixfold:sqs::other:webhook",
        "hook",
        "arn:aws:sqs:us-east-1:123456789012:q",
    ):
        assert targets.find(arn) is None


def test_urls() -> None:
    audit = read_target("audit", "redis://:pw@r:6379/1?stream=s3&length=10")
    assert (audit.url, audit.stream, audit.length) == ("redis://:pw@r:6379/1", "s3", 10)
    plain = read_target("plain", "redis://r")
    assert (plain.stream, plain.length) == (STREAM, STREAM_LENGTH)
    token = read_target("t", "https://:s3cret@a.example:8443/x?y=z")
    assert (token.url, token.token) == ("https://a.example:8443/x?y=z", "s3cret")
    basic = read_target("t", "https://user:pw@a.example/x")
    assert (basic.url, basic.token) == ("https://user:pw@a.example/x", None)
    assert "s3cret" not in repr(token)
    assert "pw" not in repr(audit)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a b", "https://x"),
        ("a", "ftp://x"),
        ("a", "https:///path"),
        ("a", "redis://:secret@r?length=many"),
        ("a", "redis://:secret@r?length=0"),
    ],
)
def test_invalid_targets(name: str, url: str) -> None:
    with pytest.raises(ValueError) as why:
        read_target(name, url)
    assert "secret" not in str(why.value)
