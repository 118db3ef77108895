"""Run a suite against an endpoint, or against a Sixfold that is started for it.

    python -m compat_tests.external s3-tests --checkout ../s3-tests --python ../venv/bin/python
    python -m compat_tests.external botocore --checkout ../botocore --endpoint URL --access-key A ...

`--python` is an interpreter with the suite's requirements (`--requirements` prints them). Further options go
to pytest (`-k versioning`, `-x`). Out come the outcomes per file and marker, "N passed, N failed, N skipped",
and with `--report FILE` a line per test. The exit code is 1 where a test on the suite's list did not pass (of
a whole run), or an excepted one did.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from compat_tests.external import lists, outcomes, server
from compat_tests.external.identities import Identities, ask
from compat_tests.external.outcomes import FAILED, PASSED, Outcome
from compat_tests.external.suites import SUITES, Suite, environment

PLUGINS = Path(__file__).resolve().parent / "plugins"
TEST_TIMEOUT_S = 300


def main(arguments: list[str]) -> int:
    options, further = _parser().parse_known_args(arguments)
    suite = SUITES[options.suite]
    if options.requirements:
        print("\n".join(suite.requirements))
        return 0
    check_revision(suite, options.checkout)
    with tempfile.TemporaryDirectory(prefix="external-") as directory:
        scratch = Path(directory)
        with _endpoint(options, scratch, alt_is_user=suite.alt_is_user) as (url, who):
            record = run(suite, options, url, who, scratch, further)
        found = outcomes.read(record)
    report(suite, found, options.report)
    if further or options.tests:
        return 1 if any(one.outcome == FAILED for one in found.values()) else 0
    if options.write_list:
        lists.write(suite.name, [one.test for one in found.values() if one.outcome == PASSED])
    return verdict(suite, found)


def run(
    suite: Suite, options: argparse.Namespace, url: str, who: Identities, scratch: Path, further: list[str]
) -> Path:
    """The suite's pytest in its checkout, a second time for what wants the endpoint for itself; gives the
    file of outcomes.
    """
    record = scratch / "outcomes"
    record.touch()
    told = environment(suite, url, options.region, who, scratch)
    if options.tests or further or not suite.in_parallel or options.workers < 2:
        workers = ["-n", str(options.workers)] if suite.in_parallel and options.workers > 1 else []
        _pytest(suite, options, told, record, [*workers, *further, *(options.tests or suite.tests)])
        return record
    others = [part for test in suite.alone for part in ("--deselect", test)]
    _pytest(suite, options, told, record, ["-n", str(options.workers), *others, *suite.tests])
    if suite.alone:
        last = scratch / "outcomes-alone"
        _pytest(suite, options, told, last, list(suite.alone))
        record.write_text(record.read_text() + last.read_text())
    return record


def _pytest(
    suite: Suite, options: argparse.Namespace, told: Mapping[str, str], record: Path, arguments: list[str]
) -> None:
    plugins = [part for name in ("sixfold_record", *suite.plugins) for part in ("-p", name)]
    command = [
        options.python,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-o",
        "cache_dir=" + str(record.parent / "cache"),
    ]
    left_out = [f"--ignore={path}" for path in suite.left_out]
    command += [*plugins, f"--timeout={TEST_TIMEOUT_S}", *left_out, *arguments]
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SIXFOLD_"))}
    outer |= {
        **told,
        "PYTHONSAFEPATH": "1",  # a checkout of moto has a moto of its own
        "PYTHONPATH": str(PLUGINS),
        "SIXFOLD_RECORD": str(record),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with open(options.log or os.devnull, "ab") as log:
        subprocess.run(command, cwd=options.checkout, env=outer, stdout=log, stderr=log, check=False)


def report(suite: Suite, found: Mapping[str, Outcome], path: Path | None) -> None:
    for name, those in outcomes.per_file(found.values()).items():
        print(f"{name}: {outcomes.counted(those)}")
    for name, those in outcomes.per_marker(found.values()).items():
        print(f"  {name}: {outcomes.counted(those)}")
    print(f"{suite.name}: {outcomes.counted(found.values())}")
    if path:
        lines = [f"{one.outcome}\t{one.test}\t{' '.join(sorted(one.markers))}\t{one.seconds:.1f}\t{one.why!r}"
                 for one in found.values()]  # fmt: skip
        path.write_text("\n".join(lines) + "\n")


def verdict(suite: Suite, found: Mapping[str, Outcome]) -> int:
    """Holds a whole run to the suite's lists."""
    listed = lists.read(suite.name)
    missing, stale = listed.missing(found), listed.stale(found)
    for test in missing:
        print(f"must pass and did not: {test}: {found[test].why if test in found else 'not there'}")
    for test in stale:
        print(f"excepted, and passes or is not there: {test}")
    print(f"{len(listed.must_pass)} must pass, {len(missing)} did not; {len(listed.exceptions)} excepted")
    return 1 if missing or stale else 0


def check_revision(suite: Suite, checkout: Path) -> None:
    """Another revision is run all the same, and said: its figures are not comparable."""
    if not (checkout / suite.tests[0]).exists():
        raise SystemExit(f"{checkout} is no checkout of it: {suite.clone}")
    told = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    if told.stdout.strip() != suite.revision:
        print(f"{checkout} is at {told.stdout.strip() or 'no revision'}, the lists are for {suite.revision}")


@contextmanager
def _endpoint(
    options: argparse.Namespace, scratch: Path, *, alt_is_user: bool
) -> Iterator[tuple[str, Identities]]:
    """The endpoint that was named, or one of our own for as long as the block lasts."""
    if not options.endpoint:
        with server.running(scratch) as (url, who):
            yield url, server.with_user(url, who) if alt_is_user else who
        return
    main = ask(options.endpoint, options.region, options.access_key, options.secret_key)
    if options.identities:
        yield options.endpoint, Identities.read(options.identities, main)
    else:
        yield options.endpoint, Identities.of({}, main)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m compat_tests.external", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--checkout", type=Path, default=Path(), help="the suite's working tree")
    parser.add_argument("--python", default=sys.executable, help="interpreter with its requirements")
    parser.add_argument("--endpoint", metavar="URL", help="[a server of our own, started for the run]")
    parser.add_argument("--access-key", default=os.environ.get("AWS_ACCESS_KEY_ID", ""))
    parser.add_argument("--secret-key", default=os.environ.get("AWS_SECRET_ACCESS_KEY", ""))
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--identities", type=Path, metavar="FILE", help="JSON: the other accounts")
    parser.add_argument("--workers", type=int, default=2, help="processes of pytest-xdist [2]")
    parser.add_argument("--tests", action="append", default=[], help="these instead of the whole suite")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a line per test")
    parser.add_argument("--log", type=Path, metavar="FILE", help="what pytest says")
    parser.add_argument("--requirements", action="store_true", help="print what the suite wants installed")
    parser.add_argument(
        "--write-list", action="store_true", help="what passes in this run must pass from now on"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
