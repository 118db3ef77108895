"""The layers of the code: who may import whom, and how large a module and a function may be.

`LAYERS` is the whole rule about imports, read from the ground up: a module imports from layers below its own
and from its own entry, never from another entry of its layer and never from above. No modules import each
other in a circle. Imports for type checking count like all others. A module that no entry covers fails, so a
new package or loose module must be placed here first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("s3api", "chunkd", "metadata")
MODULE_LINES, TEST_MODULE_LINES, FUNCTION_LINES = 400, 500, 70
MODULES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
FILES = sorted({*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "compat_tests").rglob("*.py")})

# From the ground up. The longest entry that a module's name begins with is its own.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "s3api",
        "s3api.bucket_names",
        "s3api.errors",
        "s3api.columnar",
        "s3api.operation_table",
        "s3api.tasks",
        "s3api.crypto",
        "chunkd",
        "metadata",
    ),
    ("s3api.lifecycle", "s3api.events", "s3api.bucket_logs"),  # decisions about data, without I/O
    ("s3api.settings", "s3api.checksums", "s3api.body", "s3api.kms"),
    ("s3api.access", "s3api.signatures", "s3api.http", "s3api.wire", "s3api.blobs", "s3api.database"),
    ("s3api.nodes",),
    ("s3api.operations", "s3api.store"),
    ("s3api.observe",),
    (
        "s3api.iam",
        "s3api.lifecycle.worker",
        "s3api.events.publisher",
        "s3api.bucket_logs.worker",
    ),
    ("s3api.events.worker", "s3api.gateway"),
    ("s3api.rest",),
    ("s3api.serving",),
    ("s3api.cli",),
    ("s3api.__main__",),
)
# Modules of s3api that are in no package. Everything else is in a package.
LOOSE = {"__init__", "__main__", "body", "checksums", "columnar", "errors", "operation_table"}
LOOSE |= {"bucket_names", "database", "nodes", "store"}

# What a layer must not know of other people's libraries.
NO_IO = ("asyncio", "socket", "ssl", "subprocess", "threading", "http", "httpx", "lmdb", "redis", "uvicorn")
NO_SQL = ("sqlalchemy", "sqlmodel", "sqlite3", "psycopg")
NO_WEB = ("fastapi", "starlette")
PURE = (*NO_IO, *NO_SQL, *NO_WEB)
MUST_NOT: dict[str, tuple[str, ...]] = {
    "s3api": NO_SQL,
    "s3api.access": (*NO_SQL, *NO_WEB),
    "s3api.access.policy": PURE,
    "s3api.access.decision": PURE,
    "s3api.bucket_logs": PURE,
    "s3api.bucket_logs.worker": NO_SQL,
    "s3api.crypto": PURE,
    "s3api.events": PURE,
    "s3api.events.worker": NO_SQL,
    "s3api.events.publisher": NO_SQL,
    "s3api.gateway.cors_rules": PURE,
    "s3api.gateway.form_fields": PURE,
    "s3api.gateway.form_policy": PURE,
    "s3api.gateway.website_rules": PURE,
    "s3api.iam": PURE,
    "s3api.lifecycle": PURE,
    "s3api.lifecycle.worker": NO_SQL,
    "s3api.operations": (*NO_SQL, *NO_WEB, "http"),
    "s3api.signatures": PURE,
    "s3api.wire": PURE,
}
KNOW_FASTAPI = ("s3api.serving.app", "s3api.rest", "chunkd.server")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = frozenset(map(module_name, MODULES))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The full names that a module imports, also for type checking alone."""
    return tuple(_imports(ast.parse(path.read_text())))


@cache
def imports_at_run_time(path: Path) -> tuple[str, ...]:
    """The full names that a module imports when it runs."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    return tuple(_imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute here"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str:
    """The module that an imported name is, or lies in."""
    return name if name in NAMES else name.rpartition(".")[0]


def below(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@cache
def entry(name: str) -> tuple[int, str]:
    """Return the layer of a module, and the entry that puts it there."""
    found = [(layer, e) for layer, row in enumerate(LAYERS) for e in row if below(name, (e,))]
    return max(found, key=lambda at: len(at[1]))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_run_downward(path: Path) -> None:
    layer, own = entry(module_name(path))
    for other in map(module_of, imports(path)):
        if below(other, OURS):
            other_layer, other_entry = entry(other)
            assert other_entry == own or other_layer < layer, f"{own} must not import {other}"


def test_every_module_is_in_a_package() -> None:
    loose = {path.stem for path in (ROOT / "s3api").glob("*.py")}
    assert loose == LOOSE, "a module of s3api belongs in one of its packages"
    packages = {path.parent.name for path in (ROOT / "s3api").glob("*/__init__.py")}
    named = {e.split(".")[1] for row in LAYERS for e in row if e.startswith("s3api.")}
    assert packages | LOOSE - {"__init__"} == named, "LAYERS names each package of s3api, and no other"


def test_no_circle() -> None:
    graph = {module_name(path): set(map(module_of, imports(path))) & NAMES for path in MODULES}
    for module, others in graph.items():
        others.discard(module)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_layers_do_not_know_what_is_outside(path: Path) -> None:
    name = module_name(path)
    own = max((prefix for prefix in MUST_NOT if below(name, (prefix,))), key=len, default="")
    forbidden = set(MUST_NOT.get(own, ()))
    if not below(name, KNOW_FASTAPI):
        forbidden.update(NO_WEB)
    assert not [other for other in imports_at_run_time(path) if below(other, tuple(forbidden))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_fit(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= (MODULE_LINES if path in MODULES else TEST_MODULE_LINES)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name}: {lines} lines"
