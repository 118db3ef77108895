"""README's support table, made from the code: which operations there are, and which inputs each honours.

    python -m tests.support_table          write it into README.md

A test holds README to it (test_readme_support.py). An input stands here because the handler's signature names
it; every other input of AWS's model is refused with 501.
"""

from __future__ import annotations

from pathlib import Path

from s3api.operations import OPERATIONS
from s3api.operations.configurations.table import TABLE
from s3api.wire import Wire

ROOT = Path(__file__).resolve().parent.parent
START, END = (
    "<!-- support: made by `python -m tests.support_table`, held to the code by a test -->",
    "<!-- support end -->",
)
# What every operation on a bucket or key has, and what stands for a group.
UNSAID = {"Bucket", "Key", "Body"}
GROUPS = {
    "all checksums": lambda name: (
        name.startswith("Checksum") and name not in ("ChecksumAlgorithm", "ChecksumMode", "ChecksumType")
    ),
    "all response-*": lambda name: name.startswith("Response"),
}


# What is checked, stored and returned, and not acted upon.
KEPT = {
    f"{verb}_bucket_{row.noun}{end}"
    for row in TABLE
    if row.kept_only
    for verb, end in (("put", ""), ("get", ""), ("delete", ""), ("list", "s"))
}
# What AWS has and its model does not, or what it has superseded.
BESIDE_THE_MODEL = (
    ("PostObject", "all fields of a browser's form", "compat_tests/test_post_object.py"),
    ("OPTIONS (CORS preflight)", "Origin, Access-Control-Request-*", "compat_tests/test_cors.py"),
    ("GET and HEAD on a website's host", "Range, If-*", "tests/gateway/test_websites.py"),
    (
        "GetBucketLifecycle, PutBucketLifecycle, GetBucketNotification, PutBucketNotification",
        "superseded by AWS; answered as their successors are",
        "compat_tests/test_superseded.py",
    ),
)


def inputs(accepts: frozenset[str]) -> str:
    """The inputs of one operation, groups folded."""
    names, groups = [], []
    for name in sorted(accepts - UNSAID):
        group = next((label for label, holds in GROUPS.items() if holds(name)), None)
        if group is None:
            names.append(name)
        elif group not in groups:
            groups.append(group)
    return ", ".join(names + groups)


def table() -> str:
    wire = Wire.load()
    lines = ["| operation | inputs that it honours | proof |", "|---|---|---|"]
    for name, handler in sorted(OPERATIONS.items()):
        wire.bind(name, handler)
        operation = wire.operations[name]
        proof = f"compat_tests/test_{operation.handler_name}.py"
        if not (ROOT / proof).exists():
            raise SystemExit(f"{name} has no {proof}")
        kept = " (kept only)" if operation.handler_name in KEPT else ""
        lines.append(f"| {name}{kept} | {inputs(operation.accepts or frozenset())} | `{proof}` |")
    lines += [f"| {name} | {what} | `{proof}` |" for name, what, proof in BESIDE_THE_MODEL]
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """The text of README with today's table in it."""
    head, rest = readme.split(START, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{START}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_table(path.read_text()))
