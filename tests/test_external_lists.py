"""The lists of what must pass of the suites of others are written as lists are, and name what a suite has."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat_tests.external import lists
from compat_tests.external.suites import SUITES

MOST_EXCEPTIONS = 30


@pytest.mark.parametrize("path", sorted(lists.HERE.glob("*.txt")), ids=lambda path: path.name)
def test_a_list_is_of_a_suite_and_can_be_read(path: Path) -> None:
    suite = path.name.removesuffix(".txt").removesuffix(".exceptions")
    assert suite in SUITES
    listed = lists.read(suite)
    assert len(listed.exceptions) <= MOST_EXCEPTIONS or suite == "moto"  # its list is of differences


def test_ceph_s_suite_has_its_list() -> None:
    assert len(lists.read("s3-tests").must_pass) > 500


@pytest.mark.parametrize(
    "text", ["b.py::b\na.py::a\n", "a.py::a\na.py::a\n", "no test\n"], ids=["unsorted", "twice", "malformed"]
)
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(lists.ListError):
        lists.read("x", tmp_path)
