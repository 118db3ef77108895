"""Combine the coverage data of a test run and print the total and the least covered modules.

    python -m coverage run -m pytest -n 2 tests/operations
    python -m tests.coverage_report

There is no floor. Lines that only gateways and commands in processes of their own execute count as missing,
except for the gateway that compat_tests runs against: see `tests/run`.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import NamedTuple

from coverage import Coverage
from coverage.exceptions import NoDataError

LEAST = 10
MIN_STATEMENTS = 10


class Module(NamedTuple):
    """Line coverage of one source file."""

    path: str
    statements: int
    missing: int

    @property
    def percent(self) -> float:
        return 100 * (1 - self.missing / self.statements) if self.statements else 100.0


def measured(coverage: Coverage) -> list[Module]:
    modules = []
    for path in sorted(coverage.get_data().measured_files()):
        _, statements, _, missing, _ = coverage.analysis2(path)
        modules.append(Module(str(Path(path).relative_to(Path.cwd())), len(statements), len(missing)))
    return modules


def report(modules: list[Module]) -> str:
    """The total of all modules, then the least covered ones that have MIN_STATEMENTS statements or more."""
    out = io.StringIO()
    total = Module("total", sum(m.statements for m in modules), sum(m.missing for m in modules))
    print(f"coverage: {total.percent:.1f} % of {total.statements} statements", file=out)
    print(f"the {LEAST} least covered modules:", file=out)
    large = [module for module in modules if module.statements >= MIN_STATEMENTS]
    for module in sorted(large, key=lambda each: (each.percent, each.path))[:LEAST]:
        print(f"  {module.percent:5.1f} %  {module.missing:4d} lines missing  {module.path}", file=out)
    return out.getvalue()


def main() -> int:
    coverage = Coverage()
    try:
        coverage.combine(keep=True)
    except NoDataError as why:
        print(f"no coverage data: {why}", file=sys.stderr)
        return 1
    print(report(measured(coverage)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
