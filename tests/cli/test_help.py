"""`--help` of every command is complete, and commands import only the libraries that they use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from s3api.cli import app
from tests.gateway_process import clean_environment

HEAVY = ("fastapi", "sqlmodel", "sqlalchemy", "botocore", "uvicorn", "alembic", "httpx", "rich")
PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from s3api.cli import main
main()
"""


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """The words of each command and group, and its Click command."""
    root: Any = typer.main.get_command(app)
    for name in root.commands:
        yield from _below((name,), root.lazy_commands[name].load())


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _below((*words, name), inner)


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_shows_every_text_whole(words: tuple[str, ...]) -> None:
    command = ALL[words]
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "300"})
    assert shown.exit_code == 0
    text = " ".join(shown.output.split())
    assert " ".join(command.help.split()) in text
    for parameter in command.params:
        assert parameter.help, f"{parameter.name} has no help"
        assert " ".join(parameter.help.split()) in text


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_the_settings_are_not_imported_for_a_help_that_shows_none(arguments: tuple[str, ...]) -> None:
    assert not imported_by(*arguments) & {"pydantic", "s3api.settings", "chunkd", "metadata"}


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("serve", "--help"), ("node", "list", "--help"), ("key", "--help")],
    ids=" ".join,
)
def test_help_imports_no_heavy_library(arguments: tuple[str, ...]) -> None:
    assert not imported_by(*arguments) & {*HEAVY}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a store whose tables are up to date."""
    data = tmp_path_factory.mktemp("store")
    imported_by("key", "list", "--data", str(data))
    return data


@pytest.mark.parametrize(
    ("arguments", "code", "allowed"),
    [
        (("status",), 1, {"rich"}),
        (("config", "check"), 0, {"rich", "cryptography"}),
        (("key", "list"), 0, {"rich", "sqlalchemy", "sqlalchemy.orm", "sqlmodel"}),
        (("node", "list"), 0, {"rich", "sqlalchemy", "sqlalchemy.orm", "sqlmodel"}),
    ],
    ids=["status", "config check", "key list", "node list"],
)
def test_a_command_imports_no_library_that_it_does_not_use(
    store: Path, arguments: tuple[str, ...], code: int, allowed: set[str]
) -> None:
    unused = {*HEAVY, "cryptography", "awscrt", "lmdb", "psycopg", "sqlalchemy.orm", "s3api.store"}
    assert not imported_by(*arguments, "--data", str(store), code=code) & unused - allowed


def imported_by(*arguments: str, code: int = 0) -> set[str]:
    """The modules that a command has imported when it ends, with exit code `code`."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == code, ran.stderr
    return set(json.loads(ran.stderr.splitlines()[-1]))


def test_the_commands_are_completed() -> None:
    completing = {"_SIXFOLD_COMPLETE": "complete_bash", "COMP_WORDS": "sixfold key l", "COMP_CWORD": "2"}
    ran = subprocess.run(
        [sys.executable, "-c", "from s3api.cli import main; main()"],
        env=clean_environment() | completing,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.split() == ["list"]
