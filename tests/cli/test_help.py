"""`--help` of every command: complete, and quick because nothing is imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from s3api.cli import app
from tests.gateway_process import clean_environment

HEAVY = ("fastapi", "sqlalchemy", "botocore", "uvicorn", "alembic", "httpx", "rich")
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


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("serve", "--help"), ("node", "list", "--help"), ("key", "--help")],
    ids=" ".join,
)
def test_help_imports_no_heavy_library(arguments: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    imported = set(json.loads(ran.stderr.splitlines()[-1]))
    assert not imported & set(HEAVY)


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
