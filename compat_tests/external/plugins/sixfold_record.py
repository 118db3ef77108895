"""A plugin of pytest that writes what became of each test, with its markers, as lines of JSON.

It runs in the suite's interpreter and knows nothing of this project. SIXFOLD_RECORD names the file.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

REASON_CHARACTERS = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Markers travel with the reports, so that they come through pytest-xdist."""
    for item in items:
        item.user_properties.append(("markers", sorted({mark.name for mark in item.iter_markers()})))


class Recorder:
    """One line a phase that says something: a test's call, and a set-up or tear-down that is no pass."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "w")  # noqa: SIM115 - open for as long as the session lasts

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        line = {
            "test": report.nodeid,
            "outcome": "error" if report.when != "call" and report.failed else report.outcome,
            "markers": dict(report.user_properties).get("markers", []),
            "seconds": round(report.duration, 2),
            "why": why(report),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def pytest_sessionfinish(self) -> None:
        self._file.close()


def why(report: pytest.TestReport) -> str:
    """The line that a reader looks for first: what was raised."""
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])[:REASON_CHARACTERS]
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return str(report.longrepr)[-REASON_CHARACTERS:]
    return f"{crash.lineno}: {crash.message}"[:REASON_CHARACTERS]


def pytest_configure(config: pytest.Config) -> None:
    path = os.environ.get("SIXFOLD_RECORD")
    if path and not hasattr(
        config, "workerinput"
    ):  # the workers of xdist report to the one that started them
        config.pluginmanager.register(Recorder(path), "sixfold-recorder")
