"""`sixfold` as an operator types it: what it does, and how it says what is wrong."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s3api import __version__
from s3api.cli import app, main
from s3api.cli.serve import prepare
from s3api.settings import load
from tests.gateway_process import clean_environment

runner = CliRunner()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of a store that was started once."""
    asyncio.run(prepare(load(data=tmp_path / "data")))
    return tmp_path / "data"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`sixfold` in a process of its own, as nothing else shows its exit code and its standard error."""
    return subprocess.run(
        [sys.executable, "-c", "from s3api.cli import main; main()", *arguments],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_version_and_help() -> None:
    assert runner.invoke(app, ["--version"]).output == f"sixfold {__version__}\n"
    for arguments in (["--help"], ["serve", "--help"], ["node", "--help"], ["node", "serve", "--help"]):
        assert runner.invoke(app, arguments).exit_code == 0


def test_node_add_and_list(data: Path) -> None:
    where = ["--data", str(data)]
    added = runner.invoke(app, ["node", "add", "lmdb:more#7", "--capacity", "1073741824", *where])
    assert (added.exit_code, added.output) == (0, "node 7 is lmdb:more#7\n")
    listed = runner.invoke(app, ["node", "list", *where])
    assert listed.exit_code == 0
    lines = listed.output.splitlines()
    assert lines[0].split() == [
        "node", "address", "state", "used", "capacity", "fill", "chunks", "latency",
    ]  # fmt: skip
    assert len(lines) == 8
    assert lines[7].split()[:3] == ["7", "lmdb:more#7", "active"]
    assert "1.0 GiB" in lines[7]


def test_kms(data: Path) -> None:
    where = ["--data", str(data)]
    made = runner.invoke(app, ["kms", "create", "--id", "testkey-1", "--alias", "alias/mine", *where])
    assert (made.exit_code, made.output) == (0, "arn:aws:kms:us-east-1:000000000000:key/testkey-1\n")
    rotated = runner.invoke(app, ["kms", "rotate", "alias/mine", *where])
    assert rotated.output.endswith("key/testkey-1 has 2 secrets\n")
    assert runner.invoke(app, ["kms", "disable", "testkey-1", *where]).output.endswith("is disabled\n")
    listed = runner.invoke(app, ["kms", "list", *where], env={"COLUMNS": "200"}).output.splitlines()
    assert len(listed) == 4
    assert listed[3].split()[:4] == [made.output.strip(), "alias/mine", "disabled", "2"]
    assert runner.invoke(app, ["kms", "enable", "testkey-1", *where]).output.endswith("is enabled\n")
    refused = run("kms", "create", "--id", "testkey-1", *where)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "there is a key" in refused.stderr
    refused = run("kms", "rotate", "none", *where)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "Invalid keyId 'none'" in refused.stderr


def test_keys(data: Path) -> None:
    where = ["--data", str(data)]
    made = runner.invoke(app, ["key", "create", *where])
    assert made.exit_code == 0
    access_key, secret_key = (line.split()[-1] for line in made.output.splitlines())
    assert (len(access_key), len(secret_key)) == (20, 40)
    listed = runner.invoke(app, ["key", "list", *where]).output
    assert access_key in listed
    assert "root" in listed
    assert secret_key not in listed
    assert runner.invoke(app, ["key", "revoke", access_key, *where]).exit_code == 0
    after = runner.invoke(app, ["key", "list", *where]).output
    assert f"{access_key}  active" not in after


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["serve", "--parity", "2"], 2, "No such option"),
        (["serve", "--port", "x"], 2, "--port"),
        (["serve", "--port", "70000"], 1, "port: "),
        (["serve", "--workers", "0"], 1, "workers: "),
        (["serve", "--config", "/no/such.toml"], 1, "there is no settings file /no/such.toml"),
        (["serve", "--database", "nonsense"], 1, "expected sqlite:///path or postgresql://"),
        (["serve", "--access-key", "abcd"], 1, "access_key and secret_key come together"),
        (["serve", "--node", "memory://a", "--node", "memory://b"], 1, "2 nodes are registered"),
        (["serve", "--host", "203.0.113.77"], 1, "cannot listen on 203.0.113.77"),
        (["node", "add", "ftp://x"], 1, "unknown node scheme"),
        (["node", "add", "redis://:hush@127.0.0.1:1/0"], 1, "127.0.0.1:1"),
        (["node", "add", "lmdb:chunks#1"], 1, "is registered already"),
        (["node", "serve", "--host", "0.0.0.0"], 1, "needs a token"),
        (["node", "serve", "--store", "http://x"], 1, "another chunkd cannot be served"),
        (["key", "revoke", "nobody"], 1, "there is no access key nobody"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_errors_are_one_line(
    data: Path,
    arguments: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if arguments[:2] == ["serve", "--node"]:
        data = data.with_name("fresh")
    monkeypatch.setenv("SIXFOLD_DATA", str(data))
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(arguments)
    written = capsys.readouterr().err
    assert left.value.code == code, written
    assert said in written
    assert "hush" not in written
    if code == 1:
        assert written.count("\n") == 1
        assert written.startswith("sixfold: ")


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    database = "postgresql://u:hush@127.0.0.1:1/d"
    found = run("serve", SIXFOLD_DATA=str(tmp_path / "data"), SIXFOLD_DATABASE=database, SIXFOLD_WAIT_S="0")
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1].startswith("sixfold: ")
    assert "Traceback" not in found.stderr
    assert "hush" not in found.stderr


def test_the_root_pair_cannot_be_revoked(data: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["key", "revoke", "root-pair", "--data", str(data)])
    assert left.value.code == 1
    found = run("key", "revoke", "ROOTKEY", SIXFOLD_ACCESS_KEY="ROOTKEY", SIXFOLD_SECRET_KEY="s" * 8)
    assert (found.returncode, "cannot be revoked" in found.stderr) == (1, True)


def test_account_create_rename_and_list(data: Path) -> None:
    where = ["--data", str(data)]
    made = runner.invoke(app, ["account", "create", "alice", "--email", "a@example.com", "--json", *where])
    told = json.loads(made.output)
    assert (len(told["canonical id"]), len(told["account"]), len(told["secret key"])) == (64, 12, 40)
    assert runner.invoke(app, ["account", "rename", "a@example.com", "alicia", *where]).exit_code == 0
    lines = runner.invoke(app, ["account", "list", *where]).output.splitlines()
    assert [told["account"], "alicia", "a@example.com", told["canonical id"]] in [ln.split() for ln in lines]
    assert any("sixfold" in line for line in lines)
    again = run("account", "create", "alicia", *where)
    assert (again.returncode, again.stderr) == (
        1,
        "sixfold: another account has the name, e-mail or ID alicia\n",
    )
    assert run("account", "rename", "nobody", "x", *where).returncode == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--help"], "sixfold serve"),
        (["serve", "--help"], "sixfold serve"),
        (["node", "list", "--help"], "sixfold node list"),
    ],
)
def test_the_module_is_the_command(given: list[str], said: str) -> None:
    command = [sys.executable, "-m", "s3api", *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said in done.stdout
