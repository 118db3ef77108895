"""What docker/ promises without an engine: what is mounted is there, the image has what is needed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from s3api.cli import app
from tests.gateway_process import GatewayProcess

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())


def test_what_is_mounted_is_there() -> None:
    mounts = [mount for one in COMPOSE["services"].values() for mount in one.get("volumes", ())]
    files = {mount.partition(":")[0] for mount in mounts if mount.startswith("./")}
    assert files
    assert [name for name in sorted(files) if not (DOCKER / name).is_file()] == []


def test_every_volume_is_declared() -> None:
    mounts = [mount for one in COMPOSE["services"].values() for mount in one.get("volumes", ())]
    named = {mount.partition(":")[0] for mount in mounts if not mount.startswith((".", "/"))}
    assert named == COMPOSE["volumes"].keys()


def test_the_image_has_every_dependency_traces_included() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["otel"]]
    names = {re.split(r"[\[>=<~! ]", each, maxsplit=1)[0].lower() for each in wanted}
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (DOCKER / "image" / "requirements.txt").read_text(), re.M))
    assert names - pinned == set()


def test_the_dashboard_asks_for_metrics_that_there_are(gateway: GatewayProcess) -> None:
    with gateway.http() as client:
        there = set(re.findall(r"^# TYPE (\S+) ", client.get("/api/metrics").text, re.MULTILINE))
    dashboard = json.loads((DOCKER / "grafana" / "sixfold.json").read_text())
    asked = {
        re.sub("_(sum|count|bucket)$", "", name)
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"sixfold_\w+", target["expr"])
    }
    assert asked
    assert asked - there == set()


def test_prometheus_shows_the_token_that_gateways_want() -> None:
    job = yaml.safe_load((DOCKER / "prometheus.yml").read_text())["scrape_configs"][0]
    token = COMPOSE["services"]["gateway"]["environment"]["SIXFOLD_METRICS_TOKEN_FILE"]
    assert job["authorization"]["credentials_file"] == token


def test_the_units_run_commands_that_there_are() -> None:
    found = []
    for unit in (DOCKER / "systemd").glob("*.service"):
        for words in re.findall(r"^Exec\w+=/opt/sixfold/bin/sixfold (.*)$", unit.read_text(), re.MULTILINE):
            command = [word for word in words.split() if word.isalpha()]
            assert CliRunner().invoke(app, [*command, "--help"]).exit_code == 0
            found.append(" ".join(command))
    assert sorted(found) == ["config check", "node serve", "serve"]


def test_the_units_need_no_program_that_a_small_system_may_lack() -> None:
    """/bin/kill is in a package of its own."""
    units = "".join(unit.read_text() for unit in (DOCKER / "systemd").glob("*.service"))
    programs = set(re.findall(r"^Exec\w+=(\S+)", units, re.MULTILINE))
    assert programs == {"/opt/sixfold/bin/sixfold", "/bin/sh"}
