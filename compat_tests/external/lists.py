"""Which tests of a suite must pass, and which are excepted: files in lists/, read and compared with a run.

`SUITE.txt` has the tests that must pass, one a line (`file::name`), sorted. `SUITE.exceptions.txt` has those
that would count and do not pass: `test | what the suite wants | what AWS documents, or what is missing here`.
A test that stands in neither is not promised: it is reported, and either will do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compat_tests.external.outcomes import PASSED, Outcome

HERE = Path(__file__).resolve().parent / "lists"
_TEST = re.compile(r"\w+\.py::\w+(::\w+)?")


class ListError(ValueError):
    """A list that is not written as lists are."""


@dataclass(frozen=True, slots=True)
class Lists:
    must_pass: frozenset[str]
    exceptions: Mapping[str, str]

    def missing(self, outcomes: Mapping[str, Outcome]) -> list[str]:
        """Tests of a whole run that must pass and did not, or were not there."""
        return sorted(
            test for test in self.must_pass if test not in outcomes or outcomes[test].outcome != PASSED
        )

    def stale(self, outcomes: Mapping[str, Outcome]) -> list[str]:
        """Excepted tests that pass, or are not there: they belong in the other list, or nowhere."""
        return sorted(
            test for test in self.exceptions if test not in outcomes or outcomes[test].outcome == PASSED
        )


def read(suite: str, directory: Path = HERE) -> Lists:
    """Raises ListError."""
    must_pass = _lines(directory / f"{suite}.txt")
    exceptions: dict[str, str] = {}
    for number, line in _lines(directory / f"{suite}.exceptions.txt"):
        test, *reasons = (part.strip() for part in line.split(" | "))
        if len(reasons) != 2 or not all(reasons):
            raise ListError(f"{suite}.exceptions.txt:{number}: want test | suite | AWS or what is missing")
        _check(suite, number, test)
        exceptions[test] = " | ".join(reasons)
    tests = [test for _, test in must_pass]
    for number, test in must_pass:
        _check(suite, number, test)
    if tests != sorted(set(tests)):
        raise ListError(f"{suite}.txt is not sorted, or names a test twice")
    if both := exceptions.keys() & set(tests):
        raise ListError(f"{suite}: must pass and is excepted: {', '.join(sorted(both))}")
    return Lists(frozenset(tests), exceptions)


def write(suite: str, tests: list[str], directory: Path = HERE) -> None:
    """The tests that must pass, from now on."""
    head = f"# The tests of {suite} that must pass: made by `--write-list` from a run, held by the next.\n"
    (directory / f"{suite}.txt").write_text(head + "".join(f"{test}\n" for test in sorted(tests)))


def _lines(path: Path) -> list[tuple[int, str]]:
    if not path.exists():
        return []
    lines = enumerate(path.read_text().splitlines(), 1)
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _check(suite: str, number: int, test: str) -> None:
    if not _TEST.fullmatch(test):
        raise ListError(f"{suite}, line {number}: {test!r} is no file.py::name")
