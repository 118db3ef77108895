"""What became of a suite's tests, from the lines that plugins/sixfold_record.py writes.

A test is a function: one that runs with several parameters has passed when all of them have, and is skipped
when all of them are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_WORST_LAST = (SKIPPED, PASSED, FAILED)
_PARAMETERS = re.compile(r"\[.*\]$", re.DOTALL)


@dataclass(slots=True)
class Outcome:
    test: str
    outcome: str
    markers: set[str] = field(default_factory=set)
    why: str = ""
    seconds: float = 0.0


def read(path: Path) -> dict[str, Outcome]:
    """Test to outcome, in the order of the run. A test is `file::name`, the file without its folders."""
    found: dict[str, Outcome] = {}
    for text in path.read_text().splitlines():
        line = json.loads(text)
        test = short(line["test"])
        outcome = FAILED if line["outcome"] == "error" else line["outcome"]
        known = found.setdefault(test, Outcome(test, outcome))
        known.markers.update(line["markers"])
        known.seconds += line["seconds"]
        if _WORST_LAST.index(outcome) >= _WORST_LAST.index(known.outcome):
            known.outcome = outcome
            known.why = line["why"] or known.why
    return found


def short(nodeid: str) -> str:
    path, _, name = nodeid.partition("::")
    return f"{path.rpartition('/')[2]}::{_PARAMETERS.sub('', name)}"


def counted(outcomes: Iterable[Outcome]) -> str:
    count = Counter(one.outcome for one in outcomes)
    return f"{count[PASSED]} passed, {count[FAILED]} failed, {count[SKIPPED]} skipped"


def per_file(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    files: dict[str, list[Outcome]] = {}
    for one in outcomes:
        files.setdefault(one.test.partition("::")[0], []).append(one)
    return files


def per_marker(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Marker to its tests, by name; a test stands under each of its markers."""
    markers: dict[str, list[Outcome]] = {}
    for one in outcomes:
        for marker in one.markers or {"(no marker)"}:
            markers.setdefault(marker, []).append(one)
    return dict(sorted(markers.items()))
