"""Accounts, users, policies and explanations, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3api.access.denials import Denials
from s3api.access.key_generation import ROOT_OWNER
from s3api.cli import main

ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'


class Sixfold:
    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._data, self._capsys = data, capsys

    def __call__(self, *arguments: str) -> str:
        """What it prints; a refusal is an AssertionError with its line."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--data", str(self._data)])
        said = self._capsys.readouterr()
        assert not left.value.code, said.err
        return said.out

    def refused(self, *arguments: str) -> str:
        with pytest.raises(AssertionError) as why:
            self(*arguments)
        return str(why.value)


@pytest.fixture
def sixfold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sixfold:
    return Sixfold(tmp_path / "data", capsys)


def test_accounts(sixfold: Sixfold) -> None:
    named = ("--email", "j@example.com", "--id", "b" * 64)
    key = ("--access-key", "ALTKEY", "--secret-key", "a-secret")
    made = json.loads(sixfold("account", "create", "john.doe", *named, *key, "--json"))
    assert (made["canonical id"], made["access key"], len(made["account"])) == ("b" * 64, "ALTKEY", 12)
    found = {account["name"]: account for account in json.loads(sixfold("account", "list", "--json"))}
    assert found["sixfold"]["id"] == ROOT_OWNER
    assert (found["john.doe"]["number"], found["john.doe"]["email"]) == (made["account"], "j@example.com")
    assert "another account has" in sixfold.refused("account", "create", "x", "--email", "j@example.com")
    assert "64 hex digits" in sixfold.refused("account", "create", "x", "--id", "7")
    assert "together" in sixfold.refused("account", "create", "x", "--access-key", "K")


def test_users_keys_and_policies(sixfold: Sixfold, tmp_path: Path) -> None:
    sixfold("account", "create", "alt")
    made = json.loads(sixfold("user", "create", "zoe", "--account", "alt", "--path", "/team/", "--json"))
    assert made["arn"].endswith(":user/team/zoe")
    assert "already" in sixfold.refused("user", "create", "Zoe", "--account", "alt")
    assert "letters, digits" in sixfold.refused("user", "create", "z oe")
    sixfold("key", "create", "--account", "alt", "--user", "zoe")
    keys = sixfold("key", "list")
    assert keys.count(" zoe") == 2
    assert "there is no user zoe" in sixfold.refused("key", "create", "--user", "zoe")
    document = tmp_path / "policy.json"
    document.write_text(ALLOW)
    sixfold("policy", "put", "zoe", "all", str(document), "--account", "alt")
    assert sixfold("policy", "list", "zoe", "--account", "alt").split() == ["all"]
    assert sixfold("policy", "show", "zoe", "all", "--account", "alt").strip() == ALLOW
    document.write_text("{}")
    assert "Missing required field Statement" in sixfold.refused(
        "policy", "put", "zoe", "all", str(document), "--account", "alt"
    )
    sixfold("policy", "delete", "zoe", "all", "--account", "alt")
    assert "has no policy" in sixfold.refused("policy", "show", "zoe", "all", "--account", "alt")
    sixfold("user", "delete", "zoe", "--account", "alt")
    assert "zoe" not in sixfold("user", "list", "--account", "alt")
    assert " zoe" not in sixfold("key", "list")


def test_explanations(sixfold: Sixfold, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    denials = Denials(tmp_path / "data")
    said = {
        "operation": "GetObject",
        "principal": "arn:aws:iam::1:user/zoe",
        "source_ip": "192.0.2.1",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
    }
    by_deny = "with an explicit deny in a resource-based policy"
    denials.record("A1", time_us=1, reason=by_deny, statement='"no"', **said)
    denials.record("B2", time_us=1, reason="because no ...", statement="", **said)
    told = sixfold("explain", "a1")
    assert "arn:aws:iam::1:user/zoe from 192.0.2.1" in told
    assert 'decided by  "no"' in told
    assert "nothing allowed it" in sixfold("explain", "B2")
    assert "there is no refusal" in sixfold.refused("explain", "C3")
