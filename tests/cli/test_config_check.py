"""`sixfold config check`: what would keep a gateway from starting, said before it is started."""

from __future__ import annotations

import json
import time
from inspect import signature
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s3api.cli import app
from s3api.cli.configuration import check as check_command
from s3api.cli.serve import serve
from tests.clients.tls import Authority
from tests.postgres import postgres_server
from tests.services import redis_server


def check(data: Path, *options: str, **environment: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """The exit code, what is in order and what is wrong, each by what it is about."""
    done = CliRunner().invoke(app, ["config", "check", "--data", str(data), *options], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    found: dict[str, dict[str, str]] = {"ok": {}, "wrong": {}}
    for line in done.output.splitlines():
        word, _, rest = line.partition(" ")
        about, _, text = rest.strip().partition(": ")
        found[word][about] = text
    return done.exit_code, found["ok"], found["wrong"]


def test_it_takes_every_option_of_serve() -> None:
    assert signature(check_command).parameters.keys() - {"connect"} == signature(serve).parameters.keys()


def test_in_order_and_nothing_is_made(tmp_path: Path) -> None:
    code, ok, wrong = check(tmp_path / "data", "--connect")
    assert (code, wrong) == (0, {})
    assert ok.keys() >= {
        "settings",
        "data",
        "access_key",
        "database",
        "nodes",
        "key_file",
        "access_log",
        "traces",
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "about", "said"),
    [
        ({"SIXFOLD_MAX_OBJECT_BITES": "1"}, "SIXFOLD_MAX_OBJECT_BITES", "is SIXFOLD_MAX_OBJECT_BYTES meant?"),
        ({"SIXFOLD_PORT": "x"}, "settings", "port: "),
        ({"SIXFOLD_CONFIG": "/no/such.toml"}, "settings", "there is no settings file /no/such.toml"),
        ({"SIXFOLD_SECRET_KEY_FILE": "/no/such"}, "settings", "_KEY_FILE: /no/such: No such file"),
        ({"SIXFOLD_DATABASE": "nonsense"}, "database", "expected sqlite:///path or postgresql://"),
        ({"SIXFOLD_DATABASE": "mysql://u:hush@h/d"}, "database", "unsupported database 'mysql'"),
        ({"SIXFOLD_NODES": "ftp://x"}, "nodes", "unknown node scheme"),
        ({"SIXFOLD_NODES": "redis://:hush@/x"}, "nodes", "write redis://"),
        ({"SIXFOLD_NODES": "memory://a", "SIXFOLD_WORKERS": "2"}, "nodes", "belongs to one process"),
        ({"SIXFOLD_NODE_CA": "/no/such.pem"}, "nodes", "/no/such.pem cannot be used"),
        ({"SIXFOLD_ACCESS_LOG_PATH": "/dev/null/log"}, "access_log", "/dev/null is not a directory"),
        ({"SIXFOLD_DATA": "/dev/null/data"}, "data", "/dev/null is not a directory"),
        ({"SIXFOLD_EVENT_TARGETS": '{"hook": "ftp://x"}'}, "event_targets", "target hook: the URL"),
        ({"SIXFOLD_TLS_CERT": "/no/c.pem", "SIXFOLD_TLS_KEY": "/no/k.pem"}, "tls_cert", "cannot be used"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "traces", "otlp or none"),
    ],
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, given: dict[str, str], about: str, said: str) -> None:
    options = [] if "SIXFOLD_DATA" in given else ["--data", str(tmp_path / "data")]
    done = CliRunner().invoke(app, ["config", "check", *options], env=given)
    lines = [line for line in done.output.splitlines() if line.startswith("wrong")]
    assert done.exit_code == 1
    assert "hush" not in done.output
    assert any(line.startswith(f"wrong  {about}: ") and said in line for line in lines), lines


def test_files_that_are_there_and_hold_nonsense(tmp_path: Path) -> None:
    data, settings = tmp_path / "data", tmp_path / "sixfold.toml"
    data.mkdir()
    (data / "credentials").write_text("no credentials")
    (data / "kms.json").write_text("{}")
    settings.write_text("parity = 9\nparties = 2\n")
    code, _, wrong = check(data, "--config", str(settings))
    assert (code, wrong.keys()) == (1, {"settings"})
    output = CliRunner().invoke(app, ["config", "check", "--config", str(settings)]).output
    assert [line.split(": ")[1] for line in output.splitlines()] == ["parity", "parties"]
    code, _, wrong = check(data)
    assert (code, wrong.keys()) == (1, {"access_key", "key_file"})


def test_a_certificate_that_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Authority(tmp_path).certificate("127.0.0.1", tmp_path / "server")
    options = ["--tls-cert", str(made.certificate), "--tls-key", str(made.key)]
    code, ok, _ = check(tmp_path / "data", *options)
    assert (code, ", valid until 20" in ok["tls_cert"]) == (0, True)
    now_s = time.time()
    monkeypatch.setattr("s3api.cli.config_checks.time.time", lambda: now_s + 2 * 86_400)
    code, _, wrong = check(tmp_path / "data", *options)
    assert (code, " expired on 20" in wrong["tls_cert"]) == (1, True)


def test_connecting(tmp_path: Path) -> None:
    redis = redis_server(tmp_path / "redis")
    try:
        with postgres_server() as postgres:
            database = postgres.create_database("config_check")
            connected(tmp_path / "data", database, redis.port)
    finally:
        redis.stop()


def connected(data: Path, database: str, port: int) -> None:
    nodes = [f"redis://127.0.0.1:{port}/{db}" for db in range(6)]
    options = [part for node in nodes for part in ("--node", node)]
    code, ok, wrong = check(data, "--database", database, "--connect", *options)
    assert (code, wrong) == (0, {})
    assert {f"node {node}" for node in nodes} < ok.keys()
    nodes[0] = "redis://127.0.0.1:1/0"
    options = ["--database", database.replace("config_check", "no_such"), "--connect"]
    code, _, wrong = check(data, *options, SIXFOLD_NODES=json.dumps(nodes[:5]))
    assert (code, wrong.keys()) == (1, {"database", "nodes", "node redis://127.0.0.1:1/0"})
    assert 'database "no_such" does not exist' in wrong["database"]
